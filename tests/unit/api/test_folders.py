"""Working folders of children: nothing survives but the note."""

from __future__ import annotations

from pathlib import Path

from preview_api.backends.local.folders import NOTE, Folders

ID = "a" * 26


def filled(base: Path, *names: str) -> Path:
    folder = base / ID
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("left")
    return folder


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_g19_the_note_of_the_last_child_survives_whatever_it_was_that_ended(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folder = filled(tmp_path, NOTE, "files/src/App.tsx", "left")
    await folders.clear(ID)
    assert left(folder) == [NOTE]
    await folders.reset()
    assert left(folder) == [NOTE]
    assert await folders.fresh(ID) == folder
    assert left(folder) == [NOTE]
    await folders.remove(ID)
    assert not folder.exists()


async def test_without_a_note_nothing_is_left(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folder = filled(tmp_path, "files/src/App.tsx")
    await folders.clear(ID)
    assert not folder.exists()
    await folders.fresh(ID)
    assert left(folder) == []


async def test_what_is_only_called_a_note_and_what_was_locked_goes(tmp_path: Path) -> None:
    folder = filled(tmp_path, f"{NOTE}/x", "files/a/b/c")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("")
    (folder / "files/link").symlink_to(elsewhere)
    for locked in ("files/a/b", "files/a", "files"):
        (folder / locked).chmod(0)
    assert await Folders(tmp_path).fresh(ID) == folder
    assert left(folder) == []
    assert left(elsewhere) == ["precious"]
