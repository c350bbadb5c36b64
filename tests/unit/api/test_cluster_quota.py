from __future__ import annotations

import pytest
from tests.unit.api.test_cluster_record import ADDRESS, HOUR, NOW, session

from preview_api.backends.kubernetes.creation import owner_text
from preview_api.backends.kubernetes.quota import Slots, is_live
from preview_api.backends.kubernetes.record import record_of
from preview_core.objects import names
from preview_core.resources.session import SessionSpec
from preview_core.resources.timestamp import rfc3339


def test_the_slots_are_read_as_they_were_written() -> None:
    slots = Slots({"a": NOW, "b": NOW + 1}, "7")
    manifest = slots.manifest("someone")
    assert manifest["metadata"]["name"] == names.quota_name("someone")
    assert Slots.of(manifest) == slots
    assert "someone" not in str(manifest)


def test_a_first_one_is_not_compared_with_anything() -> None:
    assert "resourceVersion" not in Slots({}).with_one("a", NOW).manifest("someone")["metadata"]


def test_an_unreadable_time_and_no_data_are_no_failure() -> None:
    metadata = {"resourceVersion": "1"}
    assert Slots.of({"metadata": metadata, "data": {"a": "x", "b": "-1"}}).reserved == {"a": 0, "b": 0}
    assert Slots.of({"metadata": metadata}).reserved == {}
    assert Slots.of({"metadata": metadata, "data": None}).reserved == {}


KEY, OTHER_KEY = "f" * 64, "0" * 64


def test_the_keys_of_creates_are_read_as_they_were_written_and_an_older_replica_reads_the_rest() -> None:
    slots = Slots({"a": NOW}, "7").with_one("b", NOW + 1, KEY)
    manifest = slots.manifest("someone")
    assert manifest["data"] == {"a": str(NOW), "b": f"{NOW + 1} {KEY}"}
    assert Slots.of(manifest) == slots == Slots({"a": NOW, "b": NOW + 1}, "7", {"b": KEY})
    assert slots.without(frozenset("b")) == Slots({"a": NOW}, "7")


def test_a_key_has_the_sessions_that_say_so_and_those_of_its_ids() -> None:
    slots = Slots({"a": 1, "b": 2, "c": 3}, "7", {"a": KEY, "b": OTHER_KEY})
    assert slots.under(KEY, ()) == ["a"]
    assert slots.under(KEY, {"c", "x"}) == ["a", "c"]
    assert slots.under("1" * 64, ()) == []


def test_taking_one_out_and_in_leaves_the_others() -> None:
    slots = Slots({"a": 1, "b": 2}, "7")
    assert slots.without(frozenset("a")) == Slots({"b": 2}, "7")
    assert slots.with_one("a", 9) == Slots({"a": 9, "b": 2}, "7")


@pytest.mark.parametrize(
    ("spec", "live"),
    [
        ({"expiresAt": rfc3339(NOW + HOUR)}, True),
        ({"expiresAt": rfc3339(NOW)}, False),
        ({"expiresAt": rfc3339(NOW + HOUR), "ended": {"at": rfc3339(NOW), "reason": "Closed"}}, False),
    ],
)
def test_ended_and_expired_sessions_take_no_room(spec: dict[str, object], *, live: bool) -> None:
    assert is_live(record_of(session(None, **spec), None, ADDRESS), NOW) is live


@pytest.mark.parametrize(
    "owner", ["https://kontext.build 2001:db8::1", "- -", "x" * 512, "x" * 513, "a\tb", "", "é" * 600, "a\x7f"]
)
def test_every_owner_fits_into_a_spec_and_into_the_same_one_again(owner: str) -> None:
    text = owner_text(owner)
    SessionSpec.model_validate({"runtimeRef": {"name": "standard"}, "owner": text})
    assert owner_text(text) == text
    assert (text == owner) == (0 < len(owner) <= 512 and owner.isprintable())
