from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview_operator.seen import covers

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_everything_covers_itself(value: Any) -> None:
    assert covers(value, value)


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), st.text(min_size=4, max_size=5), VALUES)
def test_a_field_that_the_api_server_adds_changes_nothing(wanted: dict[str, Any], name: str, value: Any) -> None:
    assert covers({**wanted, name: value}, wanted)


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), st.text(min_size=4, max_size=5), VALUES)
def test_a_field_that_is_missing_is_missed(found: dict[str, Any], name: str, value: Any) -> None:
    assert not covers(found, {**found, name: value})


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": [1, 2]}, {"a": [1]}),
        ({"a": [1]}, {"a": [1, 2]}),
        ({"a": [2, 1]}, {"a": [1, 2]}),
        ({"a": {"b": 1}}, {"a": {"b": 2}}),
        ({"a": None}, {"a": {}}),
        ({"a": "1"}, {"a": 1}),
        ({"a": {}}, {"a": []}),
        (None, {}),
        (None, {"a": 1}),
    ],
)
def test_what_differs_is_not_covered(found: Any, wanted: Any) -> None:
    assert not covers(found, wanted)


def test_entries_of_a_list_may_have_more_than_was_asked_for() -> None:
    assert covers([{"port": 8080, "nodePort": 0}], [{"port": 8080}])


def test_tuples_are_lists() -> None:
    assert covers([1, 2], (1, 2))
