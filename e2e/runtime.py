"""A session's runtime without the API in front: for what only it decides, under an address that the test chooses."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx2

from e2e.modules import installation
from e2e.processes import start, stop
from preview_core.client import RuntimeClient
from preview_core.filetree import File, FileTree, to_wire
from preview_core.layout import layout
from preview_core.wire import Outcome, PutFiles


class Runtime:
    """One process. It holds no files until `put`; `stop` ends it."""

    def __init__(self, folder: Path, *, public_url: str, origins: Sequence[str], preview_port: int) -> None:
        self._folder = folder
        self._token = secrets.token_hex(16)
        self._public_url = public_url
        self._origins = origins
        self.preview_port = preview_port
        self._control_port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns when both ports listen. RuntimeError with the log when they do not."""
        self._folder.mkdir(parents=True)
        home = installation()
        log = self._folder.with_suffix(".log")
        env = {
            "KP_SESSION_DIR": str(self._folder),
            "KP_CATALOGUE_DIR": str(home.catalogue),
            "KP_PREVIEW_HOST": "127.0.0.1",
            "KP_PREVIEW_PORT": str(self.preview_port),
            "KP_CONTROL_TOKEN": self._token,
            "KP_PUBLIC_URL": self._public_url,
            "KP_ALLOWED_ORIGINS": ",".join(self._origins),
        }
        self._process = start(home.command, cwd=self._folder, env=env, log=log)
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            stop(self._process)
            raise RuntimeError(f"the runtime did not start:\n{log.read_text()[-4000:]}")
        self._control_port = json.loads(line)["controlPort"]

    @property
    def pid(self) -> int:
        """Of the running process."""
        if self._process is None:
            raise RuntimeError("the runtime was not started")
        return self._process.pid

    async def put(self, files: Mapping[str, str], revision: int = 1) -> Outcome:
        """Give it the whole tree."""
        tree = FileTree(File(path, text.encode()) for path, text in files.items())
        message = PutFiles(
            revision=revision,
            digest=tree.digest,
            layout=layout(tree),
            files=[to_wire(file) for file in tree.visible().values()],
        )
        async with httpx2.AsyncClient(trust_env=False) as http:
            client = RuntimeClient(f"http://127.0.0.1:{self._control_port}", self._token, http)
            return await client.put(message)

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            stop(self._process)
            self._process = None
