"""From the bytes of a body to what the service works with: strict about JSON, lenient about single files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preview_core.batch import Incoming
from preview_core.errors import InvalidFiles, InvalidRequest

TOO_DEEP = "The body is nested too deeply"
# A manifest that is legal needs five levels. Python's parser takes a thousand, its printer does not.
MANIFEST_DEPTH = 64


@dataclass(frozen=True)
class Files:
    """The part that create and update share."""

    files: Sequence[Incoming]
    deleted: Sequence[object] = ()
    package_json: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Create(Files):
    session_id: str | None = None
    project_type: object = None


def parse_json(body: bytes) -> Any:
    """RFC 8259 JSON in UTF-8. Raises InvalidRequest, also for what parsers disagree about: duplicate keys, NaN,
    lone surrogates. Blocks for as long as a big body needs."""
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
        )
        if b"\\ud" in body or b"\\uD" in body:
            # Escapes may spell half a character, which cannot be written to any file.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise InvalidRequest("The body is not UTF-8 text") from error
    except RecursionError as error:
        raise InvalidRequest(TOO_DEEP) from error
    except ValueError as error:
        raise InvalidRequest("The body is not valid JSON") from error
    return value


def read_create(value: Any) -> Create:
    """Raises InvalidRequest, InvalidFiles."""
    body = _object(value)
    package_json = body.get("packageJson")
    if package_json is not None and not isinstance(package_json, dict):
        raise InvalidRequest("`packageJson` must be an object or null")
    if _is_deeper(package_json, MANIFEST_DEPTH):
        raise InvalidRequest(TOO_DEEP)
    session_id = body.get("sessionId")
    return Create(
        files=_files(body.get("files"), required=package_json is None),
        package_json=package_json,
        session_id=session_id if isinstance(session_id, str) else None,
        project_type=body.get("projectType"),
    )


def read_update(value: Any) -> Files:
    """Raises InvalidRequest, InvalidFiles."""
    body = _object(value)
    deleted = body.get("deleted")
    if deleted is not None and not isinstance(deleted, list):
        raise InvalidRequest("`deleted` must be a list of names")
    return Files(files=_files(body.get("files"), required=not deleted), deleted=deleted or ())


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object")
    return value


def _files(value: Any, *, required: bool) -> list[Incoming]:
    if value is None and not required:
        return []
    if not isinstance(value, list) or (required and not value):
        raise InvalidFiles
    if value and not any(isinstance(entry, dict) for entry in value):
        raise InvalidFiles
    return [_incoming(entry) for entry in value]


def _incoming(entry: Any) -> Incoming:
    if not isinstance(entry, dict):
        return Incoming(name=None, content=entry)
    # A missing content is a fault, only null deletes: `False` is neither text nor null.
    return Incoming(name=entry.get("name"), content=entry.get("content", False))


def _is_deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidRequest("An object of the body has the same key twice")
    return found


def _no_constant(_name: str) -> Any:
    raise InvalidRequest("The body is not valid JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidRequest("A number of the body is too large")
    return number
