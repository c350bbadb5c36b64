"""The state folder: records and files in one SQLite file, one transaction per change.

WAL with synchronous=FULL: a committed update survives `kill -9` and a power cut (G42). Every method blocks; the
backend calls them from one writer thread, so the connection needs no further lock.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from preview_api.backends.base import Ended
from preview_core.filetree import File, FileTree

DATABASE = "state.db"
LOCK = "lock"
SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE sessions (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, idempotency_key TEXT UNIQUE,
  created_at INTEGER NOT NULL, last_activity_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  revision INTEGER NOT NULL, digest TEXT NOT NULL, port INTEGER NOT NULL,
  ended TEXT, ended_at INTEGER, pid INTEGER, pid_started INTEGER
) STRICT;
CREATE TABLE files (
  session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, path TEXT NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY (session_id, path)
) STRICT, WITHOUT ROWID;
"""


class StateFolderInUse(Exception):
    """Another server holds the state folder."""


class StateFolderUnusable(Exception):
    """The state folder cannot be read by this version."""


@dataclass(frozen=True)
class Row:
    """One session as it is stored. Times in epoch milliseconds; `pid_started` in clock ticks since boot."""

    id: str
    owner: str
    idempotency_key: str | None
    created_at: int
    last_activity_at: int
    expires_at: int
    revision: int
    digest: str
    port: int
    ended: Ended | None = None
    ended_at: int | None = None
    pid: int | None = None
    pid_started: int | None = None


COLUMNS = tuple(Row.__dataclass_fields__)
SELECT = f"SELECT {', '.join(COLUMNS)} FROM sessions"  # noqa: S608 - the columns are our own constants
INSERT = f"INSERT INTO sessions ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608


def read_rows(connection: sqlite3.Connection) -> list[Row]:
    """All sessions, tombstones too, oldest first."""
    rows = (Row(*values) for values in connection.execute(f"{SELECT} ORDER BY created_at, id"))
    return [replace(row, ended=Ended(row.ended) if row.ended else None) for row in rows]


def peek(folder: Path) -> list[Row]:
    """The sessions of a state folder, without taking it: for `ls` beside a running server."""
    if not (folder / DATABASE).is_file():
        return []
    connection = sqlite3.connect(f"{(folder / DATABASE).absolute().as_uri()}?mode=ro", uri=True)
    try:
        return read_rows(connection)
    finally:
        connection.close()


class Store:
    """The opened state folder. Raises StateFolderInUse and StateFolderUnusable on opening."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._lock = _lock(folder / LOCK)
        try:
            self._db = _open(folder / DATABASE)
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        self._db.close()
        os.close(self._lock)

    def check(self) -> None:
        """Raises sqlite3.Error or OSError when a write would not work."""
        with self._transaction():
            self._db.execute("UPDATE sessions SET revision = revision WHERE 0")

    def rows(self) -> list[Row]:
        return read_rows(self._db)

    def insert(self, row: Row, files: Iterable[File]) -> None:
        """A new session with its files. An older tombstone loses the idempotency key to it."""
        with self._transaction():
            self._db.execute(
                "UPDATE sessions SET idempotency_key = NULL WHERE idempotency_key = ? AND ended IS NOT NULL",
                (row.idempotency_key,),
            )
            self._db.execute(INSERT, tuple(getattr(row, name) for name in COLUMNS))
            self._put(row.id, files)

    def tree(self, session_id: str) -> FileTree:
        found = self._db.execute("SELECT path, content FROM files WHERE session_id = ?", (session_id,))
        return FileTree(File(path, content) for path, content in found)

    def commit(self, row: Row, put: Iterable[File], delete: Iterable[str]) -> None:
        """One update: files, revision and times together."""
        with self._transaction():
            self._db.executemany(
                "DELETE FROM files WHERE session_id = ? AND path = ?", ((row.id, path) for path in delete)
            )
            self._put(row.id, put)
            self._db.execute(
                "UPDATE sessions SET revision = ?, digest = ?, last_activity_at = ?, expires_at = ? WHERE id = ?",
                (row.revision, row.digest, row.last_activity_at, row.expires_at, row.id),
            )

    def touch(self, rows: Iterable[Row]) -> None:
        with self._transaction():
            self._db.executemany(
                "UPDATE sessions SET last_activity_at = ?, expires_at = ? WHERE id = ?",
                ((row.last_activity_at, row.expires_at, row.id) for row in rows),
            )

    def process(self, session_id: str, pid: int | None, started: int | None) -> None:
        """Remembers the session's child, so that the next server can end it should it outlive this one."""
        with self._transaction():
            self._db.execute("UPDATE sessions SET pid = ?, pid_started = ? WHERE id = ?", (pid, started, session_id))

    def end(self, row: Row) -> None:
        """Makes a tombstone of the session: its files are deleted now."""
        with self._transaction():
            self._db.execute("DELETE FROM files WHERE session_id = ?", (row.id,))
            self._db.execute(
                "UPDATE sessions SET ended = ?, ended_at = ?, idempotency_key = NULL, pid = NULL, pid_started = NULL "
                "WHERE id = ?",
                (row.ended, row.ended_at, row.id),
            )

    def forget(self, session_ids: Iterable[str]) -> None:
        with self._transaction():
            self._db.executemany("DELETE FROM sessions WHERE id = ?", ((session_id,) for session_id in session_ids))

    def _put(self, session_id: str, files: Iterable[File]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO files (session_id, path, content) VALUES (?, ?, ?)",
            ((session_id, file.path, file.content) for file in files),
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled back already.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def _lock(path: Path) -> int:
    """Holds the folder for as long as the process lives: the kernel lets go of it even after kill -9."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StateFolderInUse(f"another kontext-preview server uses {path.parent}") from error
    return descriptor


def _open(path: Path) -> sqlite3.Connection:
    # Created first with the right mode: SQLite's own files (-wal, -shm) take theirs from it.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # Deleted files are overwritten: a closed session's sources do not stay in the free pages.
        connection.execute("PRAGMA secure_delete = FAST")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise StateFolderUnusable(f"{path} was written by another version of kontext-preview")  # noqa: TRY301
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StateFolderUnusable(f"{path} cannot be used: {error}") from error
    except BaseException:
        connection.close()
        raise
    return connection
