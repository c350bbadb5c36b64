"""The messages of a session runtime's control API: the one description both languages are held to.

Python validates with these models, Node with `runtime/schema/control.schema.json`, which is generated from them
(`python -m preview_core.wire > runtime/schema/control.schema.json`; a test holds the two together).

One way in: a push. `PUT /v1/files` replaces the whole tree (start, restart, resume, re-hydration); `PATCH /v1/files`
applies one revision on top of a known one (an update). A runtime that is not at `baseRevision`/`baseDigest` answers
409 `REVISION_MISMATCH` with what it has, and the caller sends a PUT.

Every call carries `Authorization: Bearer <control token>` except `GET /healthz` (process alive: 200) and
`GET /readyz` (G9: 200 or 503).  Other calls: `GET /v1/status` -> Status, `PUT /v1/host` -> Status (a warm runtime
becomes that of another session; 409 `IN_USE` once it has files of one), `POST /v1/shutdown` -> 202.
Paths are tree paths: relative to the session's root, `/`-separated, NFC (see `mapping`).
"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import models_json_schema

TreePath = Annotated[str, Field(min_length=1, max_length=1024)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the visible tree, see `filetree`.")]
Revision = Annotated[int, Field(ge=0)]
Host = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,253}$")]


class Message(BaseModel):
    """Base of all messages: camelCase on the wire, unknown fields refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    def wire(self) -> dict[str, Any]:
        """The JSON object to send."""
        return self.model_dump(mode="json", by_alias=True)


class FileContent(Message):
    """One file. `encoding: base64` carries bytes that are not UTF-8 text."""

    path: TreePath
    content: str
    encoding: Literal["utf-8", "base64"] = "utf-8"


class Layout(Message):
    """How the tree is served. Decided by `layout` in core, obeyed by the runtime."""

    root: str = Field(description="Folder of the tree that is the Vite root; '' is the tree itself.")
    entry: str | None = Field(
        description="Entry module relative to `root`; null when nothing can be rendered.",
    )
    index: Literal["project", "synthesised"] = Field(
        description="project: the root's own index.html is served; synthesised: the runtime makes one for `entry`.",
    )
    mount: bool = Field(
        default=False,
        description="true: `entry` only exports a component (App.tsx alone), a virtual module renders it into #root.",
    )


class PutFiles(Message):
    """Request of `PUT /v1/files`: the whole visible tree at `revision`."""

    revision: Revision
    digest: Digest
    layout: Layout
    files: list[FileContent]


class PatchFiles(Message):
    """Request of `PATCH /v1/files`: from `baseRevision` to `revision`, as one batch."""

    base_revision: Revision
    base_digest: Digest
    revision: Revision
    digest: Digest
    layout: Layout
    put: list[FileContent]
    delete: list[TreePath]


class PutHost(Message):
    """Request of `PUT /v1/host`. Scheme and port are the installation's, and stay as they are."""

    host: Host = Field(description="Name in the public address of the session that the runtime is from now on.")


class HmrKind(StrEnum):
    """What Vite really emitted for a batch."""

    NONE = "none"
    CSS = "css"  # updates, all of them stylesheets
    UPDATE = "update"
    FULL_RELOAD = "full-reload"
    RESTART = "restart"  # the dev server was restarted; pages reload by themselves
    ERROR = "error"  # the batch does not compile: pages keep the last good state


class Hmr(Message):
    kind: HmrKind
    modules: list[str] = Field(description="Module URLs of the message that was sent, relative to the Vite root.")
    duration_ms: float = Field(ge=0, description="First write to last message, milliseconds.")


class Diagnostic(Message):
    """One build error, with project-relative paths only."""

    path: str | None = None
    line: int | None = None
    column: int | None = None
    message: str
    frame: str | None = None
    plugin: str | None = None


class Warned(Message):
    """Something of the project that is not done as it asks, or was done without being asked; the preview works."""

    code: str = Field(min_length=1, description="For programs, e.g. CONFIG_IGNORED.")
    path: str | None = Field(default=None, description="Tree path of the file that it is about.")
    message: str


class Outcome(Message):
    """200 answer of PUT and PATCH: the tree is written and Vite was told."""

    revision: Revision
    digest: Digest
    hmr: Hmr
    diagnostics: list[Diagnostic]
    warnings: list[Warned] = Field(default_factory=list, description="All that stand, not only the new ones.")


class RuntimePhase(StrEnum):
    STARTING = "Starting"  # Vite is not up yet, or no tree arrived
    READY = "Ready"  # the self-check of G9 passed
    FAILED = "Failed"  # the dev server does not start; lastError says why


class Clients(Message):
    hmr: int = Field(ge=0, description="Open sockets of preview pages.")
    watching: int = Field(
        default=0, ge=0, description="Of them, pages that somebody may be looking at: just opened, or shown of late."
    )
    observers: int = Field(ge=0, description="Open sockets of the caller's page.")


class Status(Message):
    """Answer of `GET /v1/status`."""

    phase: RuntimePhase
    revision: Revision
    digest: Digest
    layout: Layout | None
    clients: Clients
    last_activity_at: int = Field(ge=0, description="Last page load or page that was shown, epoch milliseconds.")
    last_error: Diagnostic | None
    restarts: int = Field(ge=0, description="Restarts of the dev server inside this process.")
    rss_bytes: int = Field(ge=0, description="Memory of the process and its children.")
    vite: str = Field(description="Version of Vite.")
    installing: list[str] = Field(default_factory=list, description="npm packages on their way into the session.")
    host: str = Field(default="", description="Name in the public address; other Host headers are refused.")


class Problem(Message):
    """Every answer that is not 2xx."""

    code: Literal[
        "UNAUTHORIZED",
        "INVALID_MESSAGE",
        "REVISION_MISMATCH",
        "DIGEST_MISMATCH",
        "NOT_FOUND",
        "PAYLOAD_TOO_LARGE",
        "NOT_READY",
        "IN_USE",
        "INTERNAL",
    ]
    error: str
    revision: Revision | None = Field(default=None, description="What the runtime has, on a mismatch.")
    digest: Digest | None = None


MESSAGES: tuple[type[Message], ...] = (PutFiles, PatchFiles, PutHost, Outcome, Status, Problem)


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of all messages under `$defs`, named as the models are."""
    _, definitions = models_json_schema([(m, "validation") for m in MESSAGES], by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "kontext-preview/control",
        "title": "Control API of a session runtime",
        **definitions,
    }


def schema_text() -> str:
    """The generated file's exact text."""
    return json.dumps(schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
