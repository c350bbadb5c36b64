"""One at a time may start or stop the cluster of this machine; the next one waits, and looks again."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# A folder can be locked as a file can, and this one is on every machine: nothing has to be left behind.
_FOLDER = "/var/lib"


@dataclass
class _Process:
    holds: bool = False


_PROCESS = _Process()


@contextmanager
def exclusively(say: Callable[[str], None]) -> Iterator[None]:
    """Also around itself, in one thread. The kernel drops it with its holder."""
    if _PROCESS.holds:
        yield
        return
    descriptor = os.open(_FOLDER, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run starts or stops the cluster, waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        _PROCESS.holds = True
        try:
            yield
        finally:
            _PROCESS.holds = False
    finally:
        os.close(descriptor)
