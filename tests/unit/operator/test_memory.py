"""What the operator remembers of a session's pods."""

from __future__ import annotations

from tests.unit.operator.world import T0, pod, report, session

from preview_core.wire import RuntimePhase
from preview_operator.backoff import HEALTHY_MS
from preview_operator.memory import Memories, Note


def test_a_pod_that_worked_for_a_while_ends_the_history() -> None:
    note, one = Note(), pod(1)
    note.note_pod_created(T0, one.name)
    note.note_reports([one], {one.name: report()}, T0 + 1)
    note.note_reports([one], {one.name: report()}, T0 + HEALTHY_MS)
    assert note.seen().pods_created_at == (T0,)
    note.note_reports([one], {one.name: report()}, T0 + 1 + HEALTHY_MS)
    assert note.seen().pods_created_at == ()


def test_an_interruption_begins_the_while_anew() -> None:
    note, one = Note(), pod(1)
    note.note_pod_created(T0, one.name)
    note.note_reports([one], {one.name: report()}, T0)
    note.note_reports([one], {one.name: report(phase=RuntimePhase.STARTING)}, T0 + 1)
    note.note_reports([one], {one.name: report()}, T0 + 2)
    note.note_reports([one], {one.name: report()}, T0 + HEALTHY_MS)
    assert note.seen().pods_created_at == (T0,)


def test_rollover_the_old_pods_health_does_not_excuse_successors_that_crash() -> None:
    note, old = Note(), pod(1)
    for number in range(2, 7):
        at = T0 + number * 2 * HEALTHY_MS
        note.note_pod_created(at, pod(number).name)
        for later in (1, HEALTHY_MS + 1):
            note.note_reports([old], {old.name: report()}, at + later)
    assert len(note.seen().pods_created_at) == 5


def test_the_history_is_bounded() -> None:
    note = Note()
    for number in range(100):
        note.note_pod_created(T0 + number, pod(number).name)
    assert len(note.seen().pods_created_at) <= 16
    assert note.seen().pods_created_at[-1] == T0 + 99


def test_silence_is_counted_from_the_first_pass_that_noticed_it() -> None:
    note, one = Note(), pod(1)
    note.note_reports([one], {}, T0)
    note.note_reports([one], {}, T0 + 5_000)
    assert note.seen().unreachable_since == {one.name: T0}


def test_an_answer_ends_the_silence() -> None:
    note, one = Note(), pod(1)
    note.note_reports([one], {}, T0)
    note.note_reports([one], {one.name: report()}, T0 + 1)
    note.note_reports([one], {}, T0 + 2)
    assert note.seen().unreachable_since == {one.name: T0 + 2}


def test_pods_that_cannot_answer_yet_are_not_silent() -> None:
    note = Note()
    note.note_reports([pod(1, running=False), pod(2, ips=()), pod(3, deleting=True)], {}, T0)
    assert note.seen().unreachable_since == {}


def test_who_answered_once_is_remembered_for_as_long_as_it_is_there() -> None:
    note, one, two = Note(), pod(1), pod(2)
    note.note_reports([one, two], {one.name: report()}, T0)
    note.note_reports([one, two], {two.name: report()}, T0)
    assert note.seen().answered == {one.name, two.name}
    note.note_reports([two], {}, T0)
    assert note.seen().answered == {two.name}


def test_what_is_wrong_with_an_index_is_seen_without_being_kept() -> None:
    note = Note()
    assert note.seen("damaged").files_fault == "damaged"
    assert note.seen().files_fault == ""


def test_notes_of_sessions_that_are_gone_are_forgotten() -> None:
    memories = Memories()
    memories.of("a").streak = 3
    assert memories.of("a").streak == 3
    memories.forget("a")
    memories.forget("a")
    assert memories.of("a").streak == 0


def test_g30_a_pod_that_worked_until_it_was_put_to_sleep_is_no_failure() -> None:
    note, one = Note(), pod(1)
    note.note_pod_created(T0, one.name)
    note.note_reports([one], {one.name: report(phase=RuntimePhase.STARTING)}, T0)
    note.note_wanted(session(suspended=True), T0)
    assert note.seen().pods_created_at == (T0,)
    note.note_reports([one], {one.name: report()}, T0 + 1)
    note.note_wanted(session(suspended=True), T0 + 1)
    assert note.seen().pods_created_at == ()
