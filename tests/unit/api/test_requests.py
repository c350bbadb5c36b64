from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview_api.requests import parse_json, read_create, read_update
from preview_core.errors import InvalidFiles, InvalidRequest

BAD_JSON = {
    "nothing": b"",
    "text": b"hello",
    "cut off": b'{"files": [',
    "trailing": b"{} {}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "not UTF-8": b'{"files": "\xff\xfe"}',
    "UTF-16": '{"files": []}'.encode("utf-16"),
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "too large a number": b'{"a": 1e999}',
    "too long a number": b'{"a": ' + b"9" * 10_000 + b"}",
    "half a character": b'{"a": "\\ud800"}',
    "half a character in a key": b'{"\\uDC00": 1}',
    "the same key twice": b'{"files": [], "files": []}',
    "the same key twice inside": b'{"files": [{"name": "a", "name": "b", "content": ""}]}',
    "control character in a string": b'{"a": "\n"}',
    "nested too deeply": b"[" * 100_000 + b"]" * 100_000,
    "objects nested too deeply": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
}


@pytest.mark.parametrize("body", BAD_JSON.values(), ids=BAD_JSON.keys())
def test_what_is_not_json_for_everybody_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse_json(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    try:
        parse_json(body)
    except InvalidRequest:
        return
    json.loads(body)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["files", "name", "content", "deleted", "packageJson", "sessionId", "projectType"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_read_or_refused(value: Any) -> None:
    for read in (read_create, read_update):
        try:
            read(parse_json(json.dumps(value).encode()))
        except (InvalidRequest, InvalidFiles):
            continue


def test_a_pair_of_escapes_is_one_character() -> None:
    assert parse_json(b'{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


@pytest.mark.parametrize("files", [None, {}, "x", 1, [], [1, 2], [None]], ids=repr)
def test_files_must_be_a_list_of_objects(files: object) -> None:
    with pytest.raises(InvalidFiles):
        read_create({"files": files})
    with pytest.raises(InvalidFiles):
        read_update({"files": files})


def test_a_create_may_be_a_package_json_alone() -> None:
    assert read_create({"packageJson": {"name": "x"}}).files == []


def test_an_update_may_be_deletions_alone() -> None:
    assert read_update({"deleted": ["a.ts"]}).deleted == ["a.ts"]


@pytest.mark.parametrize("package_json", ["{}", [], 1, True], ids=repr)
def test_a_package_json_is_an_object_or_null(package_json: object) -> None:
    with pytest.raises(InvalidRequest):
        read_create({"files": [{"name": "a", "content": ""}], "packageJson": package_json})


def test_a_package_json_has_a_bounded_depth() -> None:
    deep: dict[str, Any] = {}
    for _ in range(500):
        deep = {"a": deep}
    with pytest.raises(InvalidRequest):
        read_create({"packageJson": deep})


def test_only_null_deletes_and_a_missing_content_does_not() -> None:
    files = read_update({"files": [{"name": "a", "content": None}, {"name": "b"}]}).files
    assert files[0].content is None
    assert files[1].content is not None


def test_a_session_id_of_another_type_counts_as_none() -> None:
    assert read_create({"files": [{}], "sessionId": 7}).session_id is None
