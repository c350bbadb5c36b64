"""The errors a caller can see: one class per code of the contract, each with its HTTP status and what to do."""

from __future__ import annotations

from typing import ClassVar


class PreviewError(Exception):
    """Base: `message` is for the caller, so it names no session id, no absolute path and no file content."""

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    default: ClassVar[str] = "Internal error"

    def __init__(
        self, message: str | None = None, *, retry_after: int | None = None, fallback: str | None = None
    ) -> None:
        """`retry_after` in seconds becomes the Retry-After header; `fallback` tells the caller another way."""
        self.message = message or self.default
        self.retry_after = retry_after
        self.fallback = fallback
        super().__init__(self.message)


class InvalidRequest(PreviewError):
    code, status, default = "INVALID_REQUEST", 400, "The request is not valid"


class InvalidFiles(PreviewError):
    code, status, default = "INVALID_FILES", 400, "`files` must be a non-empty list of {name, content}"


class InvalidFilePath(PreviewError):
    code, status, default = "INVALID_FILE_PATH", 400, "No file name in the request can be used"


class SessionNotFound(PreviewError):
    # The caller's page looks for "not found or expired" in the body (contract, section 2).
    code, status, default = "SESSION_NOT_FOUND", 404, "No active preview session: not found or expired"


class SessionExpired(PreviewError):
    code, status, default = "SESSION_EXPIRED", 410, "Preview session expired"


class PayloadTooLarge(PreviewError):
    code, status, default = "PAYLOAD_TOO_LARGE", 413, "The body is larger than the limit"


class QuotaExceeded(PreviewError):
    code, status, retryable, default = "QUOTA_EXCEEDED", 429, True, "Too many live preview sessions, none of them idle"


class Capacity(PreviewError):
    code, status, retryable, default = "CAPACITY", 503, True, "No room for another running preview; try again"


class BackendUnavailable(PreviewError):
    code, status, retryable, default = "BACKEND_UNAVAILABLE", 503, True, "The preview backend is away; try again"
