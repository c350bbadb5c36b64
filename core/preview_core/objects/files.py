"""A session's stored files as ConfigMaps: an index, whose annotations say what there is, and shards.

The index decides: whatever it names is the acknowledged state, and replacing it under compare-and-set is the commit.
Shards never change. A shard's key is the revision that it was written for and a hash of its content, so a key is never
used again for another commit: the operator may remove a shard that no index names once no commit can be under way.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preview_core.objects import names
from preview_core.objects.packing import FilesCorrupt, Packed
from preview_core.resources.names import GROUP

Manifest = dict[str, Any]

REVISION = f"{GROUP}/revision"
DIGEST = f"{GROUP}/digest"
BITS = f"{GROUP}/bits"
SHARDS = f"{GROUP}/shards"  # keys, comma-separated; empty: all files stand in the index
# One write from another one that came to the same: the digest is of what Vite sees, so it tells two apart too seldom.
WRITE = f"{GROUP}/write"
_CONTENT = "files"
_HASH_DIGITS = 16  # 64 bits tell the shards of one session apart


@dataclass(frozen=True)
class Index:
    """What the annotations of an index say. `resource_version` is for compare-and-set, empty in a new one."""

    session_id: str
    revision: int
    digest: str
    bits: int = 0
    shards: tuple[str, ...] = ()
    resource_version: str = ""

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Index:
        """From an index's metadata. Raises FilesCorrupt."""
        annotations = metadata.get("annotations") or {}
        try:
            return cls(
                session_id=metadata["labels"][names.SESSION_LABEL],
                revision=int(annotations[REVISION]),
                digest=annotations[DIGEST],
                bits=int(annotations[BITS]),
                shards=tuple(filter(None, annotations[SHARDS].split(","))),
                resource_version=metadata["resourceVersion"],
            )
        except (KeyError, ValueError) as error:
            raise FilesCorrupt("the index of the files is damaged") from error


@dataclass(frozen=True)
class Written:
    """The objects of one revision: `shards` by key, only new ones, each to be there before `index` is."""

    index: Manifest
    shards: Mapping[str, Manifest]


def written(session_id: str, uid: str, digest: str, packed: Packed, base: Index | None, write: str) -> Written:
    """What makes `base` (None: nothing) into the next revision. `uid` is that of the PreviewSession, the owner;
    `write` is random, see `is_same_write`."""
    revision = base.revision + 1 if base is not None else 1
    known = {key.rpartition("-")[2]: key for key in (base.shards if base is not None else ())}
    keys: list[str] = []
    fresh: dict[str, Manifest] = {}
    for shard in filter(None, packed.shards if packed.bits else ()):
        content_hash = hashlib.sha256(shard).hexdigest()[:_HASH_DIGITS]
        key = known.get(content_hash, f"{revision}-{content_hash}")
        keys.append(key)
        if content_hash not in known:
            fresh[key] = _shard(session_id, uid, key, shard)
    inline = {} if packed.bits else {_CONTENT: _encoded(packed.shards[0])}
    index = _config_map(session_id, uid, names.files_name(session_id), names.FILES, inline)
    index["metadata"]["annotations"] = {
        REVISION: str(revision),
        DIGEST: digest,
        BITS: str(packed.bits),
        SHARDS: ",".join(keys),
        WRITE: write,
    }
    if base is not None:
        index["metadata"]["resourceVersion"] = base.resource_version
    return Written(index, fresh)


def is_same_write(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the index with the metadata `found` was written by the write that has `wanted`."""
    write = (found.get("annotations") or {}).get(WRITE)
    return write is not None and write == wanted["annotations"][WRITE]


def shard_key(session_id: str, name: str) -> str:
    """The key in a shard's name."""
    return name.removeprefix(names.shard_name(session_id, ""))


def content(config_map: Mapping[str, Any]) -> bytes:
    """The packed bytes that an index or a shard holds; b'' for none. Raises FilesCorrupt."""
    try:
        return base64.b64decode((config_map.get("binaryData") or {}).get(_CONTENT, ""), validate=True)
    except ValueError as error:
        raise FilesCorrupt("a stored shard is damaged") from error


def _shard(session_id: str, uid: str, key: str, packed: bytes) -> Manifest:
    name = names.shard_name(session_id, key)
    shard = _config_map(session_id, uid, name, names.SHARD, {_CONTENT: _encoded(packed)})
    return {**shard, "immutable": True}


def _config_map(session_id: str, uid: str, name: str, part: str, binary: Mapping[str, str]) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "labels": names.labels(session_id, part),
            "ownerReferences": [names.owner_reference(session_id, uid)],
        },
        "binaryData": dict(binary),
    }


def _encoded(packed: bytes) -> str:
    return base64.b64encode(packed).decode("ascii")
