"""Two runs on one machine do not start and stop its cluster at the same time."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from e2e.cluster import lock

HOLDER = """
import sys
from e2e.cluster import lock
lock._FOLDER = sys.argv[1]
with lock.exclusively(print):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_the_second_waits_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_FOLDER", str(tmp_path))
    waiting = threading.Event()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as first:
        assert first.stdout is not None
        assert first.stdin is not None
        assert first.stdout.readline() == "held\n"
        entered: list[bool] = []

        def second() -> None:
            with lock.exclusively(lambda _: waiting.set()):
                entered.append(True)

        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(60)
        assert not entered
        first.stdin.write("\n")
        first.stdin.flush()
        thread.join(60)
        assert entered


def test_who_holds_it_does_not_wait_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_FOLDER", str(tmp_path))
    waited: list[str] = []
    with lock.exclusively(waited.append), lock.exclusively(waited.append):
        pass
    with lock.exclusively(waited.append):
        pass
    assert waited == []
