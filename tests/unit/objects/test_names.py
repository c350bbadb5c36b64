from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview_core.naming import new_session_id
from preview_core.objects import names
from preview_core.resources.part import LABEL_PATTERN

ID = new_session_id()
LONGEST_NAME = 63  # of a Pod's host name, of a Service, of a label's value


@pytest.mark.parametrize(
    "name",
    [
        names.route_name(ID),
        names.pod_name(ID, 2**31),
        names.files_name(ID),
        names.shard_name(ID, f"{2**31}-{'f' * 16}"),
        names.quota_name("x" * 1000),
        names.owner_hash("https://kontext.build 2001:db8::1"),
    ],
)
def test_every_name_fits_into_a_label(name: str) -> None:
    assert re.fullmatch(LABEL_PATTERN, name)
    assert len(name) <= LONGEST_NAME


@given(st.integers(min_value=1, max_value=2**31))
def test_the_number_of_a_pod_can_be_read_from_its_name(number: int) -> None:
    assert names.pod_number(ID, names.pod_name(ID, number)) == number


@pytest.mark.parametrize(
    "name",
    ["", ID, f"preview-{ID}", f"preview-{ID}-", f"preview-{ID}-x", f"preview-{ID}--1", names.pod_name("b" * 26, 1)],
)
def test_a_name_that_is_none_of_ours_has_the_number_0(name: str) -> None:
    assert names.pod_number(ID, name) == 0


def test_an_owner_is_not_told_by_its_hash_and_owners_do_not_share_one() -> None:
    owner = "https://kontext.build 192.0.2.1"
    assert "192" not in names.quota_name(owner)
    assert names.quota_name(owner) != names.quota_name("https://kontext.build 192.0.2.2")
    assert names.quota_name(owner) == f"quota-{names.owner_hash(owner)}"
