from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preview_core.batch import SHOWN_NAME, Batch, Incoming, apply
from preview_core.filetree import File, FileTree

APP = "src/frontend/src/App.tsx"
CARD = "src/frontend/src/components/Card.tsx"
TREE = FileTree([File(APP, b"app"), File(CARD, b"card"), File("src/backend/src/main.mo", b"actor {}")])


def put(*pairs: tuple[object, object], tree: FileTree = TREE, deleted: list[object] | None = None) -> Batch:
    return apply(tree, [Incoming(name, content) for name, content in pairs], deleted or [])


def test_g24_an_update_of_one_file_leaves_the_others() -> None:
    batch = put(("App.tsx", "new"))
    assert batch.updated == ["App.tsx"]
    assert batch.tree == TREE.replace(put=[File(APP, b"new")])
    assert batch.tree[CARD] is TREE[CARD]


def test_g23_the_same_project_again_changes_nothing() -> None:
    project: list[Incoming] = [Incoming(f"My App/{path}", file.content.decode()) for path, file in TREE.items()]
    batch = apply(TREE, project)
    assert batch.tree == TREE
    assert batch.updated == []
    assert batch.unchanged == [f"My App/{APP}", f"My App/{CARD}"]


def test_the_last_of_one_target_wins_under_its_own_name() -> None:
    batch = put(("App.tsx", "first"), (APP, "second"), ("./" + APP, "third"))
    assert batch.tree[APP].content == b"third"
    assert batch.updated == ["./" + APP]


@pytest.mark.parametrize(("content", "stays"), [([None, "text"], True), (["text", None], False)])
def test_deleting_and_writing_one_target_the_last_wins_too(content: list[object], stays: bool) -> None:
    assert (APP in put(*((APP, one) for one in content)).tree) == stays


def test_null_content_and_the_list_of_deletions_delete() -> None:
    batch = put(("App.tsx", None), deleted=["Card.tsx"])
    assert set(batch.tree) == {"src/backend/src/main.mo"}
    assert sorted(batch.updated) == ["App.tsx", "Card.tsx"]


def test_deleting_what_is_absent_is_unchanged() -> None:
    batch = put(("src/frontend/src/Gone.tsx", None), deleted=["also/gone.ts"])
    assert batch.tree == TREE
    assert sorted(batch.unchanged) == ["also/gone.ts", "src/frontend/src/Gone.tsx"]
    assert batch.updated == []


def test_a_deletion_means_a_file_that_was_there_not_one_of_the_batch() -> None:
    batch = put(("src/frontend/src/pages/Card.tsx", "page"), deleted=["Card.tsx"])
    assert CARD not in batch.tree
    assert batch.tree["src/frontend/src/pages/Card.tsx"].content == b"page"


def test_a_backend_file_is_stored_and_reported_as_ignored() -> None:
    batch = put(("My App/src/backend/src/main.mo", "actor { }"), ("yarn.lock", ""), ("candid/a.did", "service"))
    assert batch.updated == batch.unchanged == []
    assert [item["reason"] for item in batch.ignored] == ["backend", "lockfile", "candid"]
    assert batch.tree["src/backend/src/main.mo"].content == b"actor { }"
    assert batch.tree.digest == TREE.digest


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (7, "x", "name-not-a-string"),
        (None, "x", "name-not-a-string"),
        (["a"], None, "name-not-a-string"),
        ("a.ts", 7, "content-not-a-string"),
        ("a.ts", {"type": "Buffer"}, "content-not-a-string"),
        ("a.ts", False, "content-not-a-string"),
        ("a.ts", "\ud800", "content-encoding"),
        ("../a.ts", "x", "traversal"),
        ("../a.ts", None, "traversal"),
        ("\ud800.ts", "x", "encoding"),
    ],
)
def test_a_piece_that_cannot_be_used_is_refused_alone(name: object, content: object, reason: str) -> None:
    batch = put((name, content), ("App.tsx", "new"))
    assert [item["reason"] for item in batch.rejected] == [reason]
    assert batch.updated == ["App.tsx"]
    json.dumps(batch.rejected, ensure_ascii=False).encode()


def test_the_name_of_a_refused_file_is_shown_in_part() -> None:
    assert put(("../" + "x" * 900, "")).rejected[0]["name"] == ("../" + "x" * 900)[:SHOWN_NAME]


@pytest.mark.parametrize("names", [["docs/a", "docs/a/b.md"], ["docs/a/b.md", "docs/a"], ["docs/a", "docs/a/b/c.md"]])
def test_of_a_file_and_a_folder_at_one_path_in_a_batch_the_folder_stays(names: list[str]) -> None:
    batch = put(*((name, "x") for name in names))
    assert max(names, key=len) in batch.tree
    assert batch.rejected == [{"name": "docs/a", "reason": "file-directory-conflict"}]
    assert batch.updated == [max(names, key=len)]


@pytest.mark.parametrize(("there", "sent"), [("docs/a", "docs/a/b.md"), ("docs/a/b.md", "docs/a")])
def test_what_is_in_the_tree_stays_when_a_file_and_a_folder_conflict(there: str, sent: str) -> None:
    old = put((there, "x")).tree
    batch = put((sent, "y"), tree=old)
    assert batch.tree == old
    assert batch.rejected == [{"name": sent, "reason": "file-directory-conflict"}]


def test_a_file_may_become_a_folder_in_one_batch() -> None:
    old = put(("docs/a", "x")).tree
    batch = put(("docs/a/b.md", "y"), tree=old, deleted=["docs/a"])
    assert batch.rejected == []
    assert "docs/a/b.md" in batch.tree
    assert "docs/a" not in batch.tree


PNG = b"\x89PNG\r\n\x1a\n\x00\xff"


@pytest.mark.parametrize(
    "content",
    [
        base64.b64encode(PNG).decode(),
        "data:image/png;base64," + base64.b64encode(PNG).decode(),
        ",".join(map(str, PNG)),
    ],
)
def test_an_image_in_any_disguise_is_stored_as_its_bytes(content: str) -> None:
    assert put(("src/frontend/public/a.png", content)).tree["src/frontend/public/a.png"].content == PNG


@pytest.mark.parametrize("content", ["", "300,1", "not base64!", "abc", "1,2,"])
def test_what_only_looks_like_an_image_is_stored_as_text(content: str) -> None:
    assert put(("src/frontend/public/a.png", content)).tree["src/frontend/public/a.png"].content == content.encode()


def test_text_that_looks_like_base64_stays_text_in_a_source_file() -> None:
    assert put((APP, "aGVsbG8=")).tree[APP].content == b"aGVsbG8="


@pytest.mark.parametrize(
    ("content", "reason"),
    [("[object Object]", "junk-object"), ("// File detected - content incoming...\n", "junk-placeholder")],
)
def test_junk_is_skipped_with_its_reason_and_what_was_there_stays(content: str, reason: str) -> None:
    batch = put(("My App/" + APP, content), ("Card.tsx", "new"))
    assert batch.ignored == [{"name": "My App/" + APP, "reason": reason}]
    assert batch.updated == ["Card.tsx"]
    assert batch.tree[APP] is TREE[APP]
    assert [change.path for change in batch.changes] == [CARD]


def test_a_file_whose_first_content_is_junk_does_not_exist_until_a_good_one_comes() -> None:
    new = "src/frontend/src/New.tsx"
    junk = put((new, "[object Object]"))
    assert new not in junk.tree
    assert junk.tree == TREE
    assert put((new, "good"), tree=junk.tree).updated == [new]


def test_of_one_name_twice_the_last_that_is_no_junk_wins() -> None:
    assert put((APP, "first"), ("App.tsx", "second"), (APP, "[object Object]")).tree[APP].content == b"second"
    assert put((APP, None), (APP, "[object Object]")).tree == TREE.replace(delete=[APP])


MANIFEST = {"name": "app", "description": "é\ud800"}


@pytest.mark.parametrize(
    ("names", "path"),
    [
        (["App.tsx"], "src/frontend/package.json"),
        (["My App/src/frontend/src/App.tsx"], "src/frontend/package.json"),
        (["index.html", "src/main.jsx"], "package.json"),
        (["My App/index.html", "My App/src/main.jsx"], "My App/package.json"),
        (["README.md"], "src/frontend/package.json"),
    ],
)
def test_the_callers_manifest_fills_the_gap_at_the_projects_root(names: list[str], path: str) -> None:
    batch = apply(FileTree(), [Incoming(name, "") for name in names], package_json=MANIFEST)
    assert json.loads(batch.tree[path].content) == MANIFEST
    assert batch.updated == names


def test_a_manifest_in_the_tree_wins_over_the_callers() -> None:
    batch = apply(TREE, [Incoming("package.json", "{}")], package_json=MANIFEST)
    assert batch.tree["src/frontend/package.json"].content == b"{}"


anything = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.integers(),
    st.booleans(),
    st.lists(st.integers(), max_size=2),
    st.just({"a": 1}),
)
pieces = st.sampled_from(["src", "frontend", "backend", "a", "b.ts", "App.tsx", "..", "index.html", "main.jsx", "x.mo"])
incoming = st.builds(Incoming, st.one_of(anything, st.lists(pieces, min_size=1, max_size=4).map("/".join)), anything)


@settings(max_examples=300)
@given(st.lists(incoming, max_size=10), st.lists(incoming, max_size=10), st.lists(anything, max_size=3))
def test_g37_no_batch_fails_and_its_tree_can_be_written_to_disk(
    first: list[Incoming], second: list[Incoming], deleted: list[Any]
) -> None:
    batch = apply(apply(FileTree(), first).tree, second, deleted)
    folders = {path[:end] for path in batch.tree for end in range(len(path)) if path[end] == "/"}
    assert folders.isdisjoint(batch.tree)
    assert not any(".." in path.split("/") for path in batch.tree)


folders = st.lists(st.sampled_from(["src", "frontend", "backend", "a", "hooks", "My App"]), max_size=3)
named = st.sampled_from(["b.ts", "App.tsx", "index.ts", "index.html", "main.jsx", "package.json", "x.mo", "x.md"])
contents = st.one_of(st.text(), st.sampled_from(["[object Object]", "// Loading...", "0,1,2,3", "```tsx\nopen", "a b"]))
usable = st.builds(Incoming, st.builds(lambda some, name: "/".join([*some, name]), folders, named), contents)


@settings(max_examples=500)
@given(st.lists(usable, max_size=10))
def test_g23_a_batch_is_a_no_op_the_second_time(files: list[Incoming]) -> None:
    once = apply(FileTree(), files)
    twice = apply(once.tree, files)
    assert once.rejected == twice.rejected == []
    assert twice.updated == []
    assert twice.tree == once.tree


def test_what_is_not_stored_does_not_move_what_is() -> None:
    """The name of a junk file once told where another file goes, and the same batch moved it the second time."""
    names = ["App.tsx", "src/frontend/frontend/App.tsx", "src/a/b.ts"]
    files = [Incoming(name, "") for name in names]
    for junk in ["[object 0]", 7, "```tsx\nopen"]:
        mixed = [files[0], Incoming("a/App.tsx", junk), *files[1:]]
        once = apply(FileTree(), mixed).tree
        assert once == apply(FileTree(), files).tree
        assert apply(once, mixed).tree == once
