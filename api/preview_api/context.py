"""The id of the request that is being served."""

from __future__ import annotations

import secrets
from contextvars import ContextVar

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def new_request_id() -> str:
    """Sets and returns an id of our own: one from the caller could carry a session id into the log."""
    fresh = secrets.token_hex(8)
    _request_id.set(fresh)
    return fresh


def request_id() -> str:
    """Of the current request; empty outside of one."""
    return _request_id.get()
