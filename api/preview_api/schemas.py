"""The messages of the HTTP API as they are documented and answered. Requests are read leniently, see `requests`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from preview_api.backends.base import Phase
from preview_core.wire import Diagnostic, Hmr

Milliseconds = int


class Schema(BaseModel):
    """camelCase on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class FileSent(Schema):
    """One file. `content: null` deletes it."""

    name: str = Field(examples=["src/frontend/src/App.tsx"])
    content: str | None


class CreateRequest(Schema):
    files: list[FileSent] = Field(description="The project; may be empty only beside a packageJson.")
    package_json: dict[str, Any] | None = Field(default=None, description="Used when `files` holds no package.json.")
    project_type: str = "icpstudio"
    session_id: str | None = Field(default=None, description="A live session of ours is reused, any other id is not.")


class UpdateRequest(Schema):
    files: list[FileSent] = Field(default_factory=list)
    deleted: list[str] = Field(default_factory=list, description="Names of files to delete.")


class Warned(Schema):
    """Something that the caller should know; the session works."""

    code: str
    path: str | None = None
    message: str


class Named(Schema):
    """What became of one file, under the name that it was sent with."""

    name: str
    reason: str


class PredictedChange(Schema):
    file_name: str
    change_type: str
    level: str
    can_hot_reload: bool
    requires_deployment: bool
    reason: str


class Analysis(Schema):
    """A prediction by the kind of change; what really happened is in `hmr`."""

    strategy: Literal["hot-reload", "preview-update", "full-deploy"]
    changes: list[PredictedChange]


class SessionAnswer(Schema):
    """What every answer about a session says. Times are epoch milliseconds."""

    success: Literal[True] = True
    session_id: str
    preview_url: str
    ws_url: str
    status: Literal["active", "expired"] = "active"
    phase: Phase
    revision: int
    expires_at: Milliseconds
    created_at: Milliseconds


class CreateAnswer(SessionAnswer):
    reused: bool
    root: str = Field(description="Folder of the project that is served; '' is all of it.")
    entry: str | None = Field(description="Entry module relative to root; null when nothing can be rendered.")
    warnings: list[Warned]


class StatusAnswer(SessionAnswer):
    last_activity_at: Milliseconds
    last_error: str | None = Field(default=None, description="Why the preview does not render, if it does not.")


class UpdateAnswer(Schema):
    success: Literal[True] = True
    updated: list[str] = Field(description="Names as sent, effective changes only, deletions included.")
    hmr_triggered: bool = Field(description="Vite sent a message to the pages.")
    hmr: Hmr
    unchanged: list[str]
    ignored: list[Named] = Field(
        description="Not part of the preview: kept; or `junk-…`: skipped, what was there stays."
    )
    rejected: list[Named] = Field(description="Not kept.")
    warnings: list[Warned]
    diagnostics: list[Diagnostic]
    analysis: Analysis
    revision: int
    expires_at: Milliseconds


class CloseAnswer(Schema):
    success: Literal[True] = True
    message: str = "Session closed successfully"


class Problem(Schema):
    """Every error."""

    success: Literal[False] = False
    error: str
    code: str
    retryable: bool
    request_id: str
    fallback: str | None = Field(default=None, description="Another way for the caller: `full-deploy`.")


class Health(Schema):
    status: Literal["ok"] = "ok"
