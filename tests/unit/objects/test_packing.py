from __future__ import annotations

import random
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview_core.filetree import PIECE_BYTES, File, FileTree
from preview_core.objects import packing
from preview_core.objects.packing import FilesCorrupt, Packed, pack, unpack

CONFIG_MAP_BYTES = 1024 * 1024
BASE64 = 4 / 3

PATHS = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=20)
TREES = st.dictionaries(PATHS, st.binary(max_size=300), max_size=12).map(
    lambda found: FileTree(File(path, content) for path, content in found.items())
)


def noise(seed: int, size: int) -> bytes:
    """Bytes that do not compress, the same in every run."""
    return random.Random(seed).randbytes(size)  # noqa: S311


def project(files: int, size: int) -> FileTree:
    return FileTree(File(f"src/f{number}.bin", noise(number, size)) for number in range(files))


@given(TREES, st.integers(min_value=0, max_value=3))
def test_what_was_packed_is_unpacked_whatever_order_the_shards_come_in(tree: FileTree, bits: int) -> None:
    packed = pack(tree, bits)
    assert unpack(packed.shards) == tree
    assert unpack(reversed(packed.shards)) == tree


@given(TREES)
def test_packing_is_the_same_on_every_replica(tree: FileTree) -> None:
    shuffled = FileTree(reversed(list(tree.values())))
    assert pack(tree, 0) == pack(shuffled, 0)


def test_an_empty_project_and_empty_files_come_back() -> None:
    assert unpack(pack(FileTree(), 0).shards) == FileTree()
    tree = FileTree([File("a", b""), File("b", b"")])
    assert unpack(pack(tree, 0).shards) == tree


def test_a_typical_project_stands_in_the_index() -> None:
    # 60 files of text, 0.6 MB.
    tree = FileTree(
        File(f"src/{number}.tsx", (f"const a{number} = <p>text</p>;\n" * 320).encode()) for number in range(60)
    )
    packed = pack(tree, 0)
    assert (packed.bits, len(packed.shards)) == (0, 1)


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(project(100, 100_000), id="10 MB in many files"),
        pytest.param(project(1, 10_000_000), id="10 MB in one file"),
        pytest.param(project(3000, 3_400), id="10 MB in very many files"),
    ],
)
def test_a_project_of_10_mb_is_in_shards_that_fit_and_comes_back(tree: FileTree) -> None:
    packed = pack(tree, 0)
    assert len(packed.shards) == 1 << packed.bits > 1
    assert max(map(len, packed.shards)) * BASE64 < CONFIG_MAP_BYTES + 1024
    assert max(map(len, packed.shards)) <= packing.SHARD_MAX_BYTES
    assert unpack(packed.shards) == tree


def test_a_change_of_one_file_touches_as_many_shards_as_it_has_pieces() -> None:
    tree = project(100, 100_000)
    before = pack(tree, 0)
    changed = tree.replace(put=[File("src/f7.bin", noise(1_000, 100_000))])
    after = pack(changed, before.bits)
    assert after.bits == before.bits
    assert differing(before, after) == 1
    big = tree.replace(put=[File("src/f7.bin", noise(1_001, 3 * PIECE_BYTES))])
    assert 1 <= differing(after, pack(big, before.bits)) <= 3


def test_a_project_that_shrinks_keeps_its_shards_until_it_fits_into_the_index() -> None:
    tree = project(100, 100_000)
    bits = pack(tree, 0).bits
    smaller = tree.replace(delete=[f"src/f{number}.bin" for number in range(50)])
    assert pack(smaller, bits).bits == bits
    assert pack(project(2, 50_000), bits).bits == 0


def test_a_project_that_grows_gets_more_shards() -> None:
    bits = pack(project(10, 100_000), 0).bits
    grown = pack(project(100, 100_000), bits)
    assert grown.bits > bits
    assert unpack(grown.shards) == project(100, 100_000)


@given(st.data())
def test_whatever_happened_to_a_shard_it_is_never_taken_for_other_files(data: st.DataObject) -> None:
    tree = FileTree([File("src/a.ts", b"a" * 500), File("src/b.ts", noise(1, 500))])
    whole = pack(tree, 0).shards[0]
    at = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))
    damaged = data.draw(
        st.sampled_from([whole[:at], whole + b"\0", whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]])
    )
    try:
        found = unpack([damaged])
    except FilesCorrupt:
        return
    # The digest of the index finds what the format cannot: here it must not be another tree that claims to be whole.
    assert found == tree or found.digest != tree.digest


@pytest.mark.parametrize(
    "shard",
    [
        b"\0",
        b"\0\0\0\x05abc",
        struct.pack(">I", 4) + b"nope",
        struct.pack(">I", len(zlib.compress(b"3"))) + zlib.compress(b"3"),
        struct.pack(">I", len(zlib.compress(b"[[1]]"))) + zlib.compress(b"[[1]]"),
    ],
)
def test_what_is_no_shard_is_corrupt(shard: bytes) -> None:
    with pytest.raises(FilesCorrupt):
        unpack([shard])


def test_a_missing_shard_is_noticed_when_a_file_is_in_two() -> None:
    tree = project(1, 10 * PIECE_BYTES)
    shards = [shard for shard in pack(tree, 0).shards if shard]
    with pytest.raises(FilesCorrupt):
        unpack(shards[1:])


def differing(before: Packed, after: Packed) -> int:
    return sum(old != new for old, new in zip(before.shards, after.shards, strict=True))
