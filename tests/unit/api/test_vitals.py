"""When a child is ended from outside."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from preview_api.backends.local.census import Census, count
from preview_api.backends.local.vitals import (
    FORKS,
    HANGS,
    MEMORY,
    MEMORY_BYTES,
    PROCESSES,
    Silence,
    Vitals,
    heard,
    verdict,
)


def vitals(cpu_s: float = 0.0, *, asleep: bool = False, rss_bytes: int = 10**8, processes: int = 2) -> Vitals:
    return Vitals(cpu_s, asleep, rss_bytes, processes)


def silent_for(seconds: int, cpu_s: float, *, asleep: bool) -> str | None:
    """A child that does not answer from 100 s on, looked at once per second; `cpu_s`: what it uses in each."""
    silence: Silence | None = None
    for second in range(seconds + 1):
        now = 100.0 + second
        seen = vitals(7.0 + second * cpu_s, asleep=asleep)
        silence = heard(silence, now, answered=False, vitals=seen)
        if (found := verdict(silence, now, seen)) is not None:
            return found
    return None


def test_g19_a_child_that_is_silent_and_has_the_processor_hangs() -> None:
    assert silent_for(19, 1.0, asleep=False) is None
    assert silent_for(20, 1.0, asleep=False) == HANGS


def test_g19_a_child_that_is_silent_and_waits_for_nothing_that_comes_hangs() -> None:
    assert silent_for(20, 0.0, asleep=True) == HANGS


def test_g19_a_child_that_an_overloaded_machine_lets_wait_is_left_alone() -> None:
    assert silent_for(60, 0.2, asleep=False) is None


def test_a_child_that_answers_is_not_asked_for_its_past() -> None:
    silence = heard(Silence(0.0, 0.0, 0.0), 50.0, answered=True, vitals=vitals(50.0))
    assert silence is None
    assert verdict(silence, 50.0, vitals(50.0)) is None


def test_one_that_was_seen_running_sleeps_from_then_on_only() -> None:
    silence = heard(None, 0.0, answered=False, vitals=vitals(asleep=True))
    silence = heard(silence, 10.0, answered=False, vitals=vitals(asleep=False))
    assert verdict(silence, 60.0, vitals(asleep=False)) is None
    silence = heard(silence, 11.0, answered=False, vitals=vitals(asleep=True))
    assert verdict(silence, 30.0, vitals(asleep=True)) is None
    assert verdict(silence, 31.0, vitals(asleep=True)) == HANGS


def test_without_proc_only_a_long_silence_counts() -> None:
    silence = heard(None, 0.0, answered=False, vitals=None)
    silence = heard(silence, 30.0, answered=False, vitals=None)
    assert verdict(silence, 30.0, None) is None
    assert verdict(silence, 60.0, None) == HANGS


def test_g19_memory_and_processes_have_an_end_whether_it_answers_or_not() -> None:
    assert verdict(None, 0.0, vitals(rss_bytes=MEMORY_BYTES)) is None
    assert verdict(None, 0.0, vitals(rss_bytes=MEMORY_BYTES + 1)) == MEMORY
    assert verdict(None, 0.0, vitals(processes=PROCESSES)) is None
    assert verdict(None, 0.0, vitals(processes=PROCESSES + 1)) == FORKS


@given(st.lists(st.booleans(), max_size=20))
def test_a_child_that_answers_now_and_then_is_never_silent_for_long(answers: list[bool]) -> None:
    silence: Silence | None = None
    last = 0
    for second, answered in enumerate(answers):
        silence = heard(silence, second, answered, vitals(second))
        last = second + 1 if answered else last
        assert (silence is None) == answered
        assert silence is None or silence.since == last


def stat(proc: Path, pid: int, state: str, session: int, cpu: tuple[int, int], pages: int) -> None:
    (proc / str(pid)).mkdir()
    fields = [state, "1", str(session), str(session), *["0"] * 7, *map(str, cpu), *["0"] * 8, str(pages), "0"]
    (proc / str(pid) / "stat").write_text(f"{pid} (node) S 9 ) {' '.join(fields)}\n")


def test_all_processes_of_a_session_are_counted_and_the_leader_speaks_for_it(tmp_path: Path) -> None:
    stat(tmp_path, 41, "R", 40, (500, 500), 10)
    stat(tmp_path, 40, "S", 40, (100, 50), 100)
    stat(tmp_path, 42, "D", 40, (500, 500), 10)
    stat(tmp_path, 50, "T", 50, (0, 0), 1)
    (tmp_path / "99").mkdir()
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGESIZE")
    assert count(tmp_path) == {
        40: Vitals(cpu_s=150 / ticks, asleep=True, rss_bytes=120 * page, processes=3),
        50: Vitals(cpu_s=0.0, asleep=True, rss_bytes=page, processes=1),
    }


async def test_a_real_process_is_found_and_one_that_is_not_there_is_not() -> None:
    process = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True)
    try:
        found = await Census().of(process.pid)
        assert found is not None
        assert (found.processes, found.rss_bytes > 0) == (1, True)
        assert await Census().of(2**22 + 1) is None
    finally:
        process.kill()
        await process.wait()
