"""Shared libraries that programs need, copied to where the loader looks without being told."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

# `libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x…)`, and `/lib64/ld-linux-x86-64.so.2 (0x…)` for the loader itself.
_LINE = re.compile(r"^\s+(?:(?P<name>\S+) => )?(?P<path>/\S+) \(0x", re.MULTILINE)
_MISSING = re.compile(r"^\s+(\S+) => not found", re.MULTILINE)
# In every Debian's compiled-in search path, so that no image needs LD_LIBRARY_PATH or a cache file.
_FOLDER = Path("usr/lib/x86_64-linux-gnu")


class LibraryMissing(RuntimeError):
    """A program names a library that this machine does not have."""


def copy(programs: Iterable[Path], root: Path, own: Path | None = None) -> None:
    """Put what `programs` link against into the image whose root folder is `root`.

    Libraries below `own` are left out: they travel with the program, which finds them relative to itself.
    """
    listed = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=True, timeout=60).stdout
    if missing := set(_MISSING.findall(listed)):
        raise LibraryMissing(f"not on this machine: {', '.join(sorted(missing))}")
    for found in _LINE.finditer(listed):
        path = Path(found["path"])
        if own is not None and path.resolve().is_relative_to(own.resolve()):
            continue
        # The loader's own path is written into every program.
        target = root / (_FOLDER / found["name"] if found["name"] else str(path).lstrip("/"))
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o755)
