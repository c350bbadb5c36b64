from __future__ import annotations

import random
from typing import Any

import pytest

from preview_core.filetree import File, FileTree
from preview_core.objects import files, names
from preview_core.objects.files import Index, Written, written
from preview_core.objects.packing import FilesCorrupt, Packed, pack, unpack

ID = "a" * 26
UID = "0ec0ffee-0000-0000-0000-000000000000"


def tree(*seeds: int) -> FileTree:
    """1 MB per number."""
    found = ((seed, random.Random(seed).randbytes(1_000_000)) for seed in seeds)  # noqa: S311
    return FileTree(File(f"src/{seed}.bin", content) for seed, content in found)


def stored(made: Written, resource_version: str = "7") -> Index:
    """As it is read back."""
    return Index.of({**made.index["metadata"], "resourceVersion": resource_version})


def commit(found: FileTree, base: Index | None = None, write: str = "w") -> Written:
    return written(ID, UID, found.digest, pack(found, base.bits if base is not None else 0), base, write)


def test_a_small_project_is_one_object() -> None:
    small = FileTree([File("src/a.ts", b"export default 1\n")])
    made = commit(small)
    assert made.shards == {}
    index = stored(made)
    assert (index.session_id, index.revision, index.digest, index.shards) == (ID, 1, small.digest, ())
    assert unpack([files.content(made.index)]) == small


def test_a_big_project_has_its_files_in_shards_that_never_change_and_none_in_the_index() -> None:
    big = tree(1, 2)
    made = commit(big)
    index = stored(made)
    assert set(index.shards) == set(made.shards)
    assert files.content(made.index) == b""
    assert all(shard["immutable"] is True for shard in made.shards.values())
    assert unpack(files.content(shard) for shard in made.shards.values()) == big


def test_every_object_goes_with_its_session_and_can_be_selected() -> None:
    made = commit(tree(1, 2))
    for part, manifest in ((names.FILES, made.index), *((names.SHARD, shard) for shard in made.shards.values())):
        assert manifest["metadata"]["ownerReferences"] == [names.owner_reference(ID, UID)]
        assert manifest["metadata"]["labels"] == names.labels(ID, part)


def test_an_update_writes_the_shards_that_it_touches_and_names_the_others_again() -> None:
    before = commit(tree(1, 2))
    base = stored(before)
    changed = tree(1, 2).replace(put=[File("src/new.ts", b"export default 1\n")])
    after = commit(changed, base)
    index = stored(after)
    assert index.revision == 2
    assert len(after.shards) == 1
    assert len(set(index.shards) & set(base.shards)) == len(base.shards) - 1
    everything = {**before.shards, **after.shards}
    assert unpack(files.content(everything[key]) for key in index.shards) == changed


def test_a_commit_is_compared_with_the_index_that_it_was_made_from() -> None:
    base = stored(commit(tree(1)), resource_version="41")
    assert commit(tree(1, 2), base).index["metadata"]["resourceVersion"] == "41"
    assert "resourceVersion" not in commit(tree(1)).index["metadata"]


def test_the_key_of_a_shard_is_never_used_again_by_another_commit() -> None:
    """Content that goes and comes back is another object: the operator may be removing the old one."""
    one, two = tree(1), tree(2)
    first = commit(one)
    second = commit(two, stored(first))
    third = commit(one, stored(second))
    keys = [set(made.shards) for made in (first, second, third)]
    assert not keys[0] & keys[1]
    assert not keys[0] & keys[2]
    assert len(keys[0]) == len(keys[2])


def test_the_key_of_a_shard_is_in_its_name() -> None:
    for key, shard in commit(tree(1, 2)).shards.items():
        assert files.shard_key(ID, shard["metadata"]["name"]) == key


@pytest.mark.parametrize(
    ("field", "value"),
    [("annotations", None), ("annotations", {}), ("labels", {}), ("resourceVersion", None), (files.REVISION, "x")],
)
def test_a_damaged_index_is_corrupt(field: str, value: Any) -> None:
    metadata = {**commit(tree(1)).index["metadata"], "resourceVersion": "1"}
    if field == files.REVISION:
        metadata["annotations"] = {**metadata["annotations"], field: value}
    elif value is None and field == "resourceVersion":
        del metadata[field]
    else:
        metadata[field] = value
    with pytest.raises(FilesCorrupt):
        Index.of(metadata)


def test_content_that_is_no_base64_is_corrupt_and_none_is_empty() -> None:
    with pytest.raises(FilesCorrupt):
        files.content({"binaryData": {"files": "%%%"}})
    assert files.content({}) == b""
    assert files.content({"binaryData": None}) == b""


def test_empty_shards_are_no_objects() -> None:
    packed = Packed(2, (b"one", b"", b"two", b""))
    made = written(ID, UID, "d" * 64, packed, None, "w")
    assert len(made.shards) == len(stored(made).shards) == 2


def test_a_write_knows_itself_and_not_another_one_of_the_same_files() -> None:
    """Two callers who change the same file that Vite does not see come to one digest, and to one set of shards."""
    base = stored(commit(tree(1)))
    mine, other = commit(tree(1), base, "mine"), commit(tree(1), base, "other")
    assert files.is_same_write(mine.index["metadata"], mine.index["metadata"])
    assert not files.is_same_write(other.index["metadata"], mine.index["metadata"])
    assert not files.is_same_write({"annotations": None}, mine.index["metadata"])
