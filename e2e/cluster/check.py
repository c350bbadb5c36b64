"""python -m e2e.cluster.check: every test that wants a whole cluster; where there can be none it says so, last.

`make test` ends with it. The browser tests run a second time here, against `preview-<id>.<domain>`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from e2e.cluster import kind
from e2e.modules import CHECKOUT

# The node and the images first, which take their cluster up and down; then one cluster for everything else.
SUITES = (("e2e/cluster",), ("e2e/browser", "e2e/guarantees", "--on", "cluster"))


def obstacle() -> str | None:
    """Why this machine cannot have a cluster; None if it can."""
    if kind.possible():
        return None
    if os.geteuid() != 0:
        return "a node needs root, and no Docker with kind is there"
    if shutil.which("apt-get") is None:
        return "a node without Docker needs Debian 12"
    return None


def main() -> int:
    because = obstacle()
    if because is not None:
        print(f"\nNOT RUN: the tests on a real cluster ({' '.join(SUITES[1])}): {because}.", file=sys.stderr)
        return 0
    codes = [
        subprocess.run([sys.executable, "-m", "pytest", *suite], cwd=CHECKOUT, check=False).returncode
        for suite in SUITES
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
