"""A folder on disk as the files of a request, and what is sent of it the second time."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from preview_api.cli import pushed
from preview_api.cli.project import FILE_LIMIT, is_skipped, read
from preview_api.cli.pushed import Push, push
from preview_api.cli.remote import Remote, SessionGone


class FakeRemote(Remote):
    """Remembers what was sent."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, list[str], list[str]]] = []
        self.gone = False

    def create(self, files: list[dict[str, Any]], session_id: str | None = None) -> dict[str, Any]:
        self.calls.append(("create", [file["name"] for file in files], []))
        self.gone = False
        return {"sessionId": f"session-{len(self.calls)}"}

    def update(self, session_id: str, files: list[dict[str, Any]], deleted: list[str]) -> dict[str, Any]:
        if self.gone:
            raise SessionGone
        self.calls.append((session_id, [file["name"] for file in files], deleted))
        return {"success": True}

    def status(self, session_id: str) -> dict[str, Any]:
        if self.gone:
            raise SessionGone
        return {"success": True}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    for name, content in {"src/App.tsx": b"a", "src/b.css": b"b", "logo.png": b"\x89PNG\xff"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_tools_leavings_and_what_cannot_be_sent_are_left_out(folder: Path, tmp_path: Path) -> None:
    for name in ("node_modules/react/index.js", ".git/config", "dist/x.js", "src/.DS_Store"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / "notes.txt").write_bytes(b"\xff\xfe")
    (folder / "huge.json").write_bytes(b" " * (FILE_LIMIT + 1))
    (tmp_path / "secret").write_text("x")
    (folder / "link").symlink_to(tmp_path / "secret")
    project = read(folder)
    assert [found.name for found in project.files] == ["logo.png", "src/App.tsx", "src/b.css"]
    assert sorted(project.skipped) == ["huge.json", "notes.txt"]


def test_binary_kinds_are_sent_as_base64(folder: Path) -> None:
    sent = {found.name: found.sent()["content"] for found in read(folder).files}
    assert sent["src/App.tsx"] == "a"
    assert base64.b64decode(sent["logo.png"]) == b"\x89PNG\xff"


@pytest.mark.parametrize(("name", "skipped"), [("a/node_modules/b", True), ("a/.DS_Store", True), ("a/b.ts", False)])
def test_a_watched_path_is_judged_alike(name: str, skipped: bool) -> None:
    assert is_skipped(name) is skipped


def test_only_what_changed_is_sent_and_what_is_gone_is_deleted(folder: Path) -> None:
    remote, known = FakeRemote(), Push()
    assert push(remote, read(folder), known).created
    assert push(remote, read(folder), known).answer is None
    (folder / "src/App.tsx").write_text("changed")
    (folder / "src/b.css").unlink()
    result = push(remote, read(folder), known)
    assert (result.created, result.sent, result.deleted) == (False, 1, 1)
    assert remote.calls[1:] == [("session-1", ["src/App.tsx"], ["src/b.css"])]


def test_a_session_that_ended_is_created_again_whole(folder: Path) -> None:
    remote, known = FakeRemote(), Push()
    push(remote, read(folder), known)
    remote.gone = True
    assert push(remote, read(folder), known).created
    assert known.session_id == "session-2"
    assert len(remote.calls[-1][1]) == 3


def test_what_was_pushed_is_remembered_privately_and_per_folder(folder: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    pushed.remember(state, "one", Push("id", {"a": "b"}))
    pushed.remember(state, "two", Push("other"))
    assert pushed.recall(state, "one") == Push("id", {"a": "b"})
    assert (state / pushed.FILE).stat().st_mode & 0o077 == 0
    (state / pushed.FILE).write_text("{broken")
    assert pushed.recall(state, "one") == Push()
