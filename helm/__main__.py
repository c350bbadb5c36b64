"""python -m helm --write|--check: what is generated from the chart and the CRDs, and whether it is up to date."""

from __future__ import annotations

import argparse
import sys

from helm import dashboard, manifests, values
from helm.render import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m helm", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true")
    what.add_argument("--check", action="store_true")
    write: bool = parser.parse_args().write
    stale = 0
    # The schema and what templates include first: rendering reads them.
    for generated in (values.generated, dashboard.generated, manifests.generated):
        for path, text in generated().items():
            if path.exists() and path.read_text() == text:
                continue
            stale += 1
            if write:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            sys.stderr.write(f"{path.relative_to(ROOT)} {'written' if write else 'is out of date'}\n")
    return 0 if write or not stale else 1


if __name__ == "__main__":
    sys.exit(main())
