"""A temporary folder that goes with its process, at the latest when the next one is made."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A folder of this process. What killed processes of this user left under the same name is removed first."""
    for left in Path(tempfile.gettempdir()).glob(f"{name}-*-*"):
        pid = left.name.removeprefix(f"{name}-").partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and left.stat().st_uid == os.getuid():
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{name}-{os.getpid()}-") as folder:
        yield Path(folder)
