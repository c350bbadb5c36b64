"""Layers of images that are made without a container engine: the same content is the same layer."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

from e2e.cluster import controlimage, image
from e2e.cluster.layers import contents


def packed(folder: Path) -> bytes:
    target = io.BytesIO()
    image.pack(folder, target)
    return target.getvalue()


def filled(folder: Path, umask: int) -> Path:
    before = os.umask(umask)
    try:
        (folder / "sub").mkdir(parents=True)
        (folder / "sub" / "file").write_text("content")
        (folder / "program").write_text("#!")
        (folder / "program").chmod(0o700)
        (folder / "tmp").mkdir()
        (folder / "tmp").chmod(0o1777)
    finally:
        os.umask(before)
    return folder


def test_a_layer_is_the_same_whenever_and_under_whichever_umask_it_is_made(tmp_path: Path) -> None:
    first, second = filled(tmp_path / "first", 0o022), filled(tmp_path / "second", 0o077)
    os.utime(second / "program", (1, 1))
    assert packed(first) == packed(second)


def test_everybody_can_read_a_layer_and_nobody_owns_it(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(packed(filled(tmp_path / "layer", 0o077)))) as layer:
        modes = {member.name: member.mode for member in layer}
        assert {(member.uid, member.gid, member.mtime) for member in layer} == {(0, 0, 0)}
    assert modes == {"program": 0o755, "sub": 0o755, "sub/file": 0o644, "tmp": 0o1777}


def test_a_changed_or_renamed_file_is_another_content(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("one")
    before = contents([file], tmp_path)
    file.write_text("two")
    changed = contents([file], tmp_path)
    renamed = contents([file.rename(tmp_path / "b")], tmp_path)
    assert len({before, changed, renamed}) == 3


def test_the_control_plane_has_the_packages_of_the_project_and_not_those_of_its_tests() -> None:
    names = {one.name.lower() for one in controlimage.distributions()}
    assert names >= {"fastapi", "kopf", "kubernetes", "uvicorn", "pydantic_core"}
    assert not names & {"pytest", "mypy", "ruff", "hypothesis", "pip"}
