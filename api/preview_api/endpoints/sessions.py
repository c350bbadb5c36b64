"""The four calls of the contract, section 2."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Header, Path, Request

from preview_api import catalogue, schemas
from preview_api.backends.base import Record
from preview_api.documentation import body_of
from preview_api.problems import documented
from preview_api.requests import parse_json, read_create, read_update
from preview_api.service import Created, PreviewService, Updated, idempotency_of, owner_of
from preview_core.analysis import analyse
from preview_core.batch import Batch
from preview_core.errors import (
    BackendUnavailable,
    Capacity,
    InvalidFilePath,
    InvalidFiles,
    InvalidRequest,
    PayloadTooLarge,
    PreviewError,
    QuotaExceeded,
    SessionExpired,
    SessionNotFound,
)
from preview_core.wire import HmrKind

T = TypeVar("T")

PREFIX = "/kontext/preview"
# A bigger body is parsed in a thread: 10 MB of JSON take 60 ms.
INLINE_BYTES = 256 * 1024
KEY_LENGTH = 256  # of an Idempotency-Key; the usual one is a UUID

BODY_ERRORS = (InvalidRequest, InvalidFiles, InvalidFilePath, PayloadTooLarge)
SESSION_ERRORS = (SessionNotFound, SessionExpired)
SERVER_ERRORS = (PreviewError, BackendUnavailable)

SessionId = Annotated[str, Path(description="As a create answered it.", examples=["abcdefghijklmnopqrstuvwxya"])]


def router(service: PreviewService) -> APIRouter:
    """The routes of one service."""
    installed = catalogue.packages()
    routes = APIRouter(prefix=PREFIX, tags=["sessions"])

    @routes.post(
        "",
        summary="Create a session, or reuse a live one",
        responses=documented(*BODY_ERRORS, QuotaExceeded, Capacity, *SERVER_ERRORS),
        openapi_extra=body_of(schemas.CreateRequest),
    )
    async def create(
        request: Request,
        origin: Annotated[str | None, Header(include_in_schema=False)] = None,
        idempotency_key: Annotated[
            str | None, Header(description="Repeated creates with one key and one body make one session.")
        ] = None,
    ) -> schemas.CreateAnswer:
        body = await _body(request)
        wanted = await _read(body, read_create)
        owner = owner_of(origin, request.client.host if request.client else None)
        return create_answer(await service.create(wanted, owner, idempotency_of(_checked(idempotency_key), body)))

    @routes.post(
        "/{session_id}/update",
        summary="Change files of a session",
        responses=documented(*BODY_ERRORS, *SESSION_ERRORS, *SERVER_ERRORS),
        openapi_extra=body_of(schemas.UpdateRequest),
    )
    async def update(session_id: SessionId, request: Request) -> schemas.UpdateAnswer:
        wanted = await _read(await _body(request), read_update)
        updated = await service.update(session_id, wanted)
        return update_answer(updated, await _analysis(updated.batch, installed))

    @routes.get("/{session_id}", summary="Look at a session", responses=documented(*SESSION_ERRORS, *SERVER_ERRORS))
    async def status(session_id: SessionId) -> schemas.StatusAnswer:
        record = await service.status(session_id)
        return schemas.StatusAnswer(
            **_session(record), last_activity_at=record.last_activity_at, last_error=record.last_error
        )

    @routes.delete("/{session_id}", summary="End a session", responses=documented(SessionNotFound, *SERVER_ERRORS))
    async def close(session_id: SessionId) -> schemas.CloseAnswer:
        await service.close(session_id)
        return schemas.CloseAnswer()

    return routes


def create_answer(created: Created) -> schemas.CreateAnswer:
    return schemas.CreateAnswer(
        **_session(created.record),
        reused=created.reused,
        root=created.layout.root,
        entry=created.layout.entry,
        warnings=[schemas.Warned.model_validate(warning) for warning in created.warnings],
    )


async def _analysis(batch: Batch, installed: Mapping[str, str]) -> schemas.Analysis:
    """In a thread: a large module takes tens of milliseconds."""
    found = await asyncio.to_thread(analyse, batch.tree, batch.changes, installed)
    return schemas.Analysis.model_validate(found)


def update_answer(updated: Updated, analysis: schemas.Analysis) -> schemas.UpdateAnswer:
    batch, record = updated.batch, updated.record
    return schemas.UpdateAnswer(
        updated=batch.updated,
        hmr_triggered=updated.hmr.kind not in (HmrKind.NONE, HmrKind.ERROR),
        hmr=updated.hmr,
        unchanged=batch.unchanged,
        ignored=[schemas.Named.model_validate(entry) for entry in batch.ignored],
        rejected=[schemas.Named.model_validate(entry) for entry in batch.rejected],
        warnings=[schemas.Warned.model_validate(warning) for warning in updated.warnings],
        diagnostics=updated.outcome.diagnostics if updated.outcome is not None else [],
        analysis=analysis,
        revision=record.revision,
        expires_at=record.expires_at,
    )


def _session(record: Record) -> dict[str, Any]:
    return {
        "session_id": record.id,
        "preview_url": record.preview_url,
        "ws_url": record.ws_url,
        "phase": record.phase,
        "revision": record.revision,
        "expires_at": record.expires_at,
        "created_at": record.created_at,
    }


async def _body(request: Request) -> bytes:
    """The whole body. Raises InvalidRequest for another type than JSON: such a request needs no preflight, so any
    page on the web could send it to a server on its visitor's machine."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise InvalidRequest("The Content-Type must be application/json")
    return await request.body()


async def _read(body: bytes, reader: Callable[[Any], T]) -> T:
    if len(body) < INLINE_BYTES:
        return reader(parse_json(body))
    return await asyncio.to_thread(lambda: reader(parse_json(body)))


def _checked(key: str | None) -> str | None:
    if key is not None and not 0 < len(key) <= KEY_LENGTH:
        raise InvalidRequest(f"An Idempotency-Key has 1 to {KEY_LENGTH} characters")
    return key
