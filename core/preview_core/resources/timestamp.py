"""Times: epoch milliseconds in Python, as everywhere in this project; RFC 3339 in UTC in Kubernetes objects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(at: int) -> str:
    """`2026-01-02T03:04:05Z`, with three more digits unless they are zero. Exact: no floating point on the way."""
    moment = _EPOCH + timedelta(milliseconds=at)
    text = moment.isoformat(timespec="milliseconds" if at % 1000 else "seconds")
    return text.removesuffix("+00:00") + "Z"


def epoch_ms(text: str) -> int:
    """The inverse, of any RFC 3339 time; below a millisecond is cut off. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, for example 2026-01-02T03:04:05Z")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _read(value: Any) -> Any:
    return epoch_ms(value) if isinstance(value, str) else value


Timestamp = Annotated[
    int,
    BeforeValidator(_read),
    PlainSerializer(rfc3339, return_type=str),
    # 35: nine digits of a second and an offset, the longest that Kubernetes writes.
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": 35}),
]
