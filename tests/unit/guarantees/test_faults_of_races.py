"""The check of the races finds what it is there for."""

from __future__ import annotations

from typing import Any

from e2e.guarantees.races import Answered, faults


def session(name: str, owner: str | None = "o", label: str = "", **spec: Any) -> dict[str, Any]:
    given = {**({"owner": owner} if owner else {}), **spec}
    return {"metadata": {"name": name, "labels": {"preview.coinnation.io/warm": label} if label else {}}, "spec": given}


ANSWERED = [Answered(0, "a"), Answered(1, "b")]
GOOD = [session("a", label="claimed"), session("b"), session("c", owner=None, label="waiting")]


def test_each_with_its_own_is_right() -> None:
    assert faults(2, ANSWERED, GOOD, {"a", "c"}) == []


def test_two_owners_of_one_session_are_found() -> None:
    assert faults(2, [Answered(0, "a"), Answered(1, "a")], [GOOD[0], GOOD[2]], {"a", "c"}) == [
        "a session was answered to 2 creates"
    ]


def test_a_lost_session_is_found() -> None:
    assert faults(2, ANSWERED, [GOOD[1], GOOD[2]], {"c"}) == ["an answered session is not there"]
    assert faults(2, ANSWERED, [session("a", owner=None), *GOOD[1:]], {"c"}) == [
        "an answered session has no owner, or has ended"
    ]
    assert faults(2, ANSWERED, [session("a", ended={"reason": "Closed"}), *GOOD[1:]], {"c"}) == [
        "an answered session has no owner, or has ended"
    ]
    assert faults(2, ANSWERED[:1], [GOOD[0], GOOD[2]], {"c"}) == ["1 creates were not answered"]


def test_a_leaked_session_is_found() -> None:
    assert faults(2, ANSWERED, [*GOOD, session("d", owner="somebody")], {"c"}) == [
        "a session of somebody was answered to nobody"
    ]


def test_what_waited_and_is_gone_or_half_taken_is_found() -> None:
    assert faults(2, ANSWERED, GOOD[:2], {"c"}) == ["a session that waited is gone"]
    assert faults(2, ANSWERED, [session("a", label="waiting"), *GOOD[1:]], {"c"}) == [
        "a session was taken and says that it waits"
    ]
