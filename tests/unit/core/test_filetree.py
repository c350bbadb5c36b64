from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview_core.filetree import File, FileTree, diff, to_wire

EXAMPLES = json.loads((Path(__file__).parents[2] / "fixtures/digest.json").read_text(encoding="utf-8"))
PATHS = [
    "a.ts",
    "a-b.ts",
    "a/b.ts",
    "src/é.ts",
    "src/\uff5e.ts",
    "src/😀.ts",
    "dfx.json",
    "src/backend/x.mo",
    "yarn.lock",
]
files = st.builds(File, st.sampled_from(PATHS), st.binary(max_size=8))
file_lists = st.lists(files, max_size=12, unique_by=lambda file: file.path)


def bytes_of(sent: dict[str, str]) -> bytes:
    return base64.b64decode(sent["content"]) if sent["encoding"] == "base64" else sent["content"].encode()


@pytest.mark.parametrize("case", EXAMPLES, ids=lambda case: case["name"])
def test_the_digest_is_the_one_both_languages_agree_on(case: dict[str, Any]) -> None:
    tree = FileTree(File(sent["path"], bytes_of(sent)) for sent in case["files"])
    assert tree.digest == case["digest"]
    assert set(tree) - set(tree.visible()) == set(case["hidden"])


@given(file_lists, st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_the_order(content: list[File], order: random.Random) -> None:
    assert FileTree(content).digest == FileTree(order.sample(content, len(content))).digest


@given(file_lists, file_lists)
def test_the_digest_differs_exactly_when_what_is_visible_differs(one: list[File], other: list[File]) -> None:
    first, second = FileTree(one), FileTree(other)
    assert (first.digest == second.digest) == (first.visible() == second.visible())


@given(file_lists, file_lists)
def test_a_diff_applied_to_the_old_tree_gives_the_new_one(one: list[File], other: list[File]) -> None:
    old, new = FileTree(one), FileTree(other)
    change = diff(old, new)
    assert old.visible().replace(change.put, change.delete) == new.visible()
    assert old.replace(change.put, change.delete).digest == new.digest


@given(file_lists, file_lists)
def test_a_diff_is_sorted_and_has_nothing_superfluous(one: list[File], other: list[File]) -> None:
    old, new = FileTree(one), FileTree(other)
    change = diff(old, new)
    assert [file.path for file in change.put] == sorted((file.path for file in change.put), key=str.encode)
    assert list(change.delete) == sorted(change.delete, key=str.encode)
    assert all(old.get(file.path) != file for file in change.put)
    assert bool(change) == (old.digest != new.digest)


def test_replacing_leaves_the_old_tree_and_shares_the_other_files() -> None:
    kept, gone = File("kept.ts", b"1"), File("gone.ts", b"2")
    old = FileTree([kept, gone])
    new = old.replace(put=[File("new.ts", b"3")], delete=["gone.ts", "absent.ts"])
    assert set(old) == {"kept.ts", "gone.ts"}
    assert set(new) == {"kept.ts", "new.ts"}
    assert new["kept.ts"] is kept


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_a_file_comes_back_from_the_wire_byte_for_byte(content: bytes) -> None:
    sent = json.loads(json.dumps(to_wire(File("a.bin", content)).wire()))
    assert bytes_of(sent) == content


def test_text_goes_as_text_and_only_other_bytes_as_base64() -> None:
    assert to_wire(File("a.ts", "é".encode())).encoding == "utf-8"
    assert to_wire(File("a.png", b"\xff\xfe")).encoding == "base64"


def test_g38_a_tree_shows_neither_names_nor_content_when_it_is_printed() -> None:
    assert "secret" not in repr(FileTree([File("secret.ts", b"secret")]))
