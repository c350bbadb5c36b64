"""Container images without a registry and without a daemon: an OCI archive from folders, for `ctr images import`.

The same folders give the same digest: times, owners and the umask are left out, names are sorted.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class _Blob:
    digest: str
    size: int

    def descriptor(self, media: str) -> dict[str, object]:
        return {"mediaType": media, "digest": f"sha256:{self.digest}", "size": self.size}


def write(
    name: str,
    target: Path,
    layers: Sequence[Path],
    config: Mapping[str, object],
    known: Collection[str] = (),
) -> str:
    """An archive with the image `name`; answers the image's digest. A layer is a folder, or a file that `pack` made.

    Layers whose digest is in `known` are named and left out: containerd takes them from what it has.
    """
    with ExitStack() as stack:
        archive = stack.enter_context(tarfile.open(target, "w"))
        blobs = [_add(archive, stack.enter_context(_opened(layer)), known) for layer in layers]
        image = {
            "architecture": "amd64",
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{blob.digest}" for blob in blobs]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _document(archive, image).descriptor(_CONFIG),
            "layers": [blob.descriptor(_LAYER) for blob in blobs],
        }
        written = _document(archive, manifest)
        named = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
        index = {"schemaVersion": 2, "manifests": [{**written.descriptor(_MANIFEST), "annotations": named}]}
        _put(archive, "index.json", json.dumps(index).encode())
        _put(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    return f"sha256:{written.digest}"


def pack(folder: Path, target: IO[bytes]) -> None:
    """Write the content of `folder` as a layer."""
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as layer:
        for parent, folders, files in os.walk(folder):
            folders.sort()
            for entry in sorted(folders + files):
                path = Path(parent, entry)
                layer.add(path, arcname=str(path.relative_to(folder)), recursive=False, filter=_anonymous)


@contextmanager
def _opened(layer: Path) -> Iterator[IO[bytes]]:
    if layer.is_file():
        with layer.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as packed:
        pack(layer, packed)
        packed.seek(0)
        yield packed


def _add(archive: tarfile.TarFile, layer: IO[bytes], known: Collection[str]) -> _Blob:
    digest = hashlib.file_digest(layer, "sha256").hexdigest()  # type: ignore[arg-type]
    blob = _Blob(digest, layer.tell())
    if f"sha256:{digest}" in known:
        return blob
    layer.seek(0)
    member = tarfile.TarInfo(f"blobs/sha256/{blob.digest}")
    member.size = blob.size
    archive.addfile(member, layer)
    return blob


def _document(archive: tarfile.TarFile, content: object) -> _Blob:
    data = json.dumps(content).encode()
    blob = _Blob(hashlib.sha256(data).hexdigest(), len(data))
    _put(archive, f"blobs/sha256/{blob.digest}", data)
    return blob


def _put(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    # What a private umask took away would be missing for the user of the image; folders that all may write stay so.
    if not member.mode & stat.S_ISVTX:
        member.mode = 0o755 if member.isdir() or member.mode & stat.S_IXUSR else 0o644
    return member
