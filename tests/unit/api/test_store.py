from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from preview_api.backends.base import Ended
from preview_api.backends.local.store import DATABASE, Row, StateFolderInUse, StateFolderUnusable, Store, peek
from preview_core.filetree import File, FileTree
from preview_core.naming import new_session_id


def row(**changes: object) -> Row:
    base = Row(
        id=new_session_id(),
        owner="page 127.0.0.1",
        idempotency_key=None,
        created_at=1,
        last_activity_at=1,
        expires_at=100,
        revision=1,
        digest="0" * 64,
        port=20000,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    store, session = Store(tmp_path), row(idempotency_key="key")
    store.insert(session, [File("a.ts", b"a"), File("ünïcode/b.bin", b"\x00\xff")])
    store.close()
    store = Store(tmp_path)
    assert store.rows() == [session]
    assert store.tree(session.id) == FileTree([File("a.ts", b"a"), File("ünïcode/b.bin", b"\x00\xff")])
    store.close()


def test_g24_a_commit_touches_only_the_files_it_names(tmp_path: Path) -> None:
    store, session, other = Store(tmp_path), row(), row()
    for one in (session, other):
        store.insert(one, [File(name, name.encode()) for name in ("a", "b", "c")])
    store.commit(replace(session, revision=2), put=[File("a", b"new")], delete=["c"])
    assert store.tree(session.id) == FileTree([File("a", b"new"), File("b", b"b")])
    assert len(store.tree(other.id)) == 3
    assert {found.id: found.revision for found in store.rows()} == {session.id: 2, other.id: 1}
    store.close()


def test_a_commit_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    store, session = Store(tmp_path), row()
    store.insert(session, [File("a", b"a")])
    with pytest.raises(sqlite3.Error):
        store.commit(replace(session, revision=2), put=[File("b", b"b"), File("c", None)], delete=["a"])  # type: ignore[arg-type]
    assert store.tree(session.id) == FileTree([File("a", b"a")])
    assert store.rows() == [session]
    store.close()


def test_an_ended_session_has_no_files_and_gives_its_key_back(tmp_path: Path) -> None:
    store, session = Store(tmp_path), row(idempotency_key="key")
    store.insert(session, [File("secret.ts", b"find me in the file")])
    store.end(replace(session, ended=Ended.CLOSED, ended_at=5))
    assert store.tree(session.id) == FileTree()
    assert store.rows()[0].ended is Ended.CLOSED
    store.insert(row(idempotency_key="key"), [])
    store.forget([session.id])
    assert len(store.rows()) == 1
    store.close()
    assert b"find me in the file" not in (tmp_path / DATABASE).read_bytes()


def test_nobody_else_reads_the_state_folder(tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    for file in (tmp_path / "state").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    store.close()


def test_a_state_folder_has_one_server(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(StateFolderInUse):
        Store(tmp_path)
    store.close()
    Store(tmp_path).close()


def test_a_folder_of_another_version_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(StateFolderUnusable):
        Store(tmp_path)


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"junk" * 1000)
    with pytest.raises(StateFolderUnusable):
        Store(tmp_path)


def test_peeking_works_beside_a_server_and_without_one(tmp_path: Path) -> None:
    assert peek(tmp_path) == []
    store, session = Store(tmp_path), row()
    store.insert(session, [])
    assert peek(tmp_path) == [session]
    store.close()
    assert peek(tmp_path) == [session]
