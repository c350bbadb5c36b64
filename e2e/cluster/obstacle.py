"""Whether this machine can have a whole cluster, and what is said where it cannot."""

from __future__ import annotations

import os
import shutil

from e2e.cluster import kind


def obstacle() -> str | None:
    """Why this machine cannot have a cluster; None if it can."""
    if kind.possible():
        return None
    if os.geteuid() != 0:
        return "a node needs root, and no Docker with kind is there"
    if shutil.which("apt-get") is None:
        return "a node without Docker needs Debian 12"
    return None
