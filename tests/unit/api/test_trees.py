from __future__ import annotations

from preview_api.backends.trees import Trees
from preview_core.filetree import File, FileTree


def tree(size: int) -> FileTree:
    return FileTree([File("a", b"x" * size)])


def test_the_least_recently_used_tree_goes_when_the_bytes_are_used_up() -> None:
    trees = Trees(limit=100)
    trees.put("a", tree(40))
    trees.put("b", tree(40))
    assert trees.get("a") is not None
    trees.put("c", tree(40))
    assert [trees.get(name) is not None for name in "abc"] == [True, False, True]


def test_a_replaced_and_a_dropped_tree_free_their_bytes() -> None:
    trees = Trees(limit=100)
    for _ in range(10):
        trees.put("a", tree(60))
    trees.drop("a")
    trees.drop("a")
    trees.put("b", tree(100))
    assert trees.get("b") is not None


def test_a_tree_beyond_the_limit_is_not_kept() -> None:
    trees = Trees(limit=10)
    trees.put("a", tree(11))
    assert trees.get("a") is None


def test_only_the_version_that_was_put_is_found() -> None:
    trees = Trees(limit=100)
    trees.put("a", tree(10), "7")
    assert trees.get("a", "7") is not None
    assert trees.get("a", "8") is None
    assert "a" in trees
    trees.put("a", tree(10), "8")
    assert trees.get("a", "7") is None
    assert trees.get("a", "8") is not None
