"""The check of what races leave finds what it is there for."""

from __future__ import annotations

from typing import Any

from e2e.guarantees.leftovers import leftovers

from preview_core.objects import names


def session(name: str, owner: str = "o", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {**({"owner": owner} if owner else {}), **spec}}


def files(name: str) -> dict[str, Any]:
    return {"metadata": {"name": names.files_name(name), "labels": names.labels(name, names.FILES)}}


def quota(owner: str, *ids: str) -> dict[str, Any]:
    return {"metadata": {"name": names.quota_name(owner)}, "data": dict.fromkeys(ids, "1")}


SESSIONS = [session("a"), session("b", "p"), session("w", "")]
GOOD = [files("a"), files("b"), quota("o", "a"), quota("p", "b")]


def test_files_and_one_slot_each_are_right() -> None:
    assert leftovers({"a", "b"}, SESSIONS, GOOD, 0) == []


def test_an_answered_session_without_files_is_found() -> None:
    assert leftovers({"a", "b"}, SESSIONS, GOOD[1:], 9) == ["an answered session has no files"]


def test_a_session_of_an_interrupted_create_is_found() -> None:
    left = [*GOOD[:2], quota("o", "a", "c"), GOOD[3]]
    assert leftovers({"a", "b"}, [*SESSIONS, session("c")], left, 9) == [
        "a session without files was answered to nobody"
    ]


def test_files_in_a_session_that_still_waits_are_found() -> None:
    assert leftovers({"a", "b"}, SESSIONS, [*GOOD, files("w")], 9) == ["files of a session that nobody owns"]


def test_a_session_without_a_slot_of_its_own_owner_is_found() -> None:
    # The other owner's slot for it is one of a create that did not get it: explained by an interruption, no help.
    assert leftovers({"a", "b"}, SESSIONS, [*GOOD[:2], quota("o", "a", "b"), quota("p")], 1) == [
        "a session has no slot in its owner's quota"
    ]


def test_more_slots_of_no_session_than_interruptions_are_found() -> None:
    left = [*GOOD[:2], quota("o", "a", "x", "y"), GOOD[3]]
    assert leftovers({"a", "b"}, SESSIONS, left, 2) == []
    assert leftovers({"a", "b"}, SESSIONS, left, 1) == ["2 slots of no session, of 1 interrupted tries"]


def test_a_slot_of_an_ended_session_counts_and_one_of_a_stranger_does_not() -> None:
    ended = session("e", ended={"reason": "Closed"})
    left = [*GOOD[:2], quota("o", "a", "e"), GOOD[3], quota("stranger", "z")]
    assert leftovers({"a", "b"}, [*SESSIONS, ended], left, 0) == ["1 slots of no session, of 0 interrupted tries"]
