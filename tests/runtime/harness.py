"""A real session runtime in a process of its own, driven as the control plane drives it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

from preview_core.filetree import File, FileTree, diff, to_wire
from preview_core.wire import Layout, Outcome, PatchFiles, PutFiles, Warned

CALLER = "http://localhost:5173"
PUBLIC_URL = "http://preview-aaaaaaaaaaaaaaaaaaaaaaaaaa.localhost:4999/"
STUDIO = Layout(root="src/frontend", entry="src/index.tsx", index="synthesised")
# The slowest first compile seen on two busy cores, with room.
ANSWER_TIMEOUT_S = 60


def tree(files: Mapping[str, str]) -> FileTree:
    """A tree of text files; names are relative to src/frontend."""
    return FileTree(File(f"src/frontend/{name}", text.encode()) for name, text in files.items())


def whole_tree(files: Mapping[str, str], revision: int, layout: Layout = STUDIO) -> dict[str, Any]:
    """The message that replaces everything."""
    files_of = tree(files)
    message = PutFiles(
        revision=revision,
        digest=files_of.digest,
        layout=layout,
        files=[to_wire(file) for file in files_of.values()],
    )
    return message.wire()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Runtime:
    """`start` spawns it; as a context manager it is stopped by closing its stdin, as a dying server would.

    `settings` are more variables of its environment; an empty one is not set. `user` runs it as that uid and gid.
    """

    command: list[str]
    catalogue: Path
    folder: Path
    public_url: str = PUBLIC_URL
    settings: Mapping[str, str] = field(default_factory=dict)
    user: int | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    layout: Layout = STUDIO
    tree: FileTree = field(default_factory=FileTree)
    revision: int = 0

    @property
    def environment(self) -> dict[str, str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "KP_SESSION_DIR": str(self.folder),
            "KP_CATALOGUE_DIR": str(self.catalogue),
            "KP_PREVIEW_PORT": "0",
            "KP_CONTROL_TOKEN": self.token,
            "KP_PUBLIC_URL": self.public_url,
            "KP_ALLOWED_ORIGINS": CALLER,
            **self.settings,
        }
        return {name: value for name, value in environment.items() if value}

    def spawn(self) -> subprocess.Popen[str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        return subprocess.Popen(
            self.command,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
        )

    def __enter__(self) -> Self:
        self.process = self.spawn()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the runtime did not start: {self.process.stderr and self.process.stderr.read()}"
        listening = json.loads(line)
        self.control_port: int = listening["controlPort"]
        self.preview_port: int = listening["previewPort"]
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end_input()
            if self.settings.get("KP_KEEP_STDIN"):
                self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def end_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    @property
    def host(self) -> str:
        return self.public_url.split("/")[2]

    def control(self, method: str, path: str, body: object = None, token: str | None = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        content = body if isinstance(body, str | None) else json.dumps(body)
        return _request(self.control_port, method, path, headers, content)

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.control("GET", "/v1/status").body)
        return answer

    def get(self, path: str, accept: str = "*/*", host: str | None = None, **headers: str) -> Answer:
        sent = {"Host": self.host if host is None else host, "Accept": accept, **headers}
        return _request(self.preview_port, "GET", path, sent, None)

    def head(self, path: str) -> Answer:
        """As `get`, for what is no text."""
        return _request(self.preview_port, "HEAD", path, {"Host": self.host}, None)

    def put(self, files: Mapping[str, str], layout: Layout = STUDIO) -> Outcome:
        self.tree, self.layout, self.revision = tree(files), layout, self.revision + 1
        return self._outcome(self.control("PUT", "/v1/files", whole_tree(files, self.revision, layout)))

    def patch(self, put: Mapping[str, str] | None = None, delete: tuple[str, ...] = ()) -> Outcome:
        before = self.tree
        self.tree = before.replace(tree(put or {}).values(), [f"src/frontend/{name}" for name in delete])
        change = diff(before, self.tree)
        message = PatchFiles(
            base_revision=self.revision,
            base_digest=before.digest,
            revision=self.revision + 1,
            digest=self.tree.digest,
            layout=self.layout,
            put=[to_wire(file) for file in change.put],
            delete=list(change.delete),
        )
        self.revision += 1
        return self._outcome(self.control("PATCH", "/v1/files", message.wire()))

    def _outcome(self, answer: Answer) -> Outcome:
        assert answer.status == 200, answer.body
        return Outcome.model_validate_json(answer.body)

    def upgrade(self, path: str = "/hmr", **headers: str) -> tuple[socket.socket, bytes]:
        """Sends a WebSocket upgrade by hand and returns the socket and the first bytes of the answer."""
        sent = {
            "Host": self.host,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        text = "".join(f"{name}: {value}\r\n" for name, value in sent.items() if value)
        connection = socket.create_connection(("127.0.0.1", self.preview_port), timeout=2)  # G11's own limit
        connection.sendall(f"GET {path} HTTP/1.1\r\n{text}\r\n".encode())
        return connection, connection.recv(65536)


def _request(port: int, method: str, path: str, headers: Mapping[str, str], body: str | None) -> Answer:
    connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request(method, path, body=body, headers=dict(headers))
        response = connection.getresponse()
        return Answer(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            response.read().decode(),
        )
    finally:
        connection.close()


def of_styles(outcome: Outcome) -> list[Warned]:
    """Packages that style configs and stylesheets name and do without; other warnings are of the project's modules."""
    return [warning for warning in outcome.warnings if warning.code == "PACKAGE_NOT_INSTALLED"]
