"""The ways in which a content arrives wrapped: as a list of byte values, base64, a data URL, a fence, a JSON text.

Each function unwraps one, and answers None when the text is not wrapped so, or not for certain.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from urllib.parse import unquote_to_bytes

# A Uint8Array or Buffer that went through String(), or through JSON.stringify().
_DECIMALS = re.compile(r"\d{1,3}(?:, ?\d{1,3})+")
_BUFFER = re.compile(r'\{"type": ?"Buffer", ?"data": ?\[([\d, ]+)\]\}')
_INDEXED = re.compile(r'\{"0": ?\d{1,3}(?:, ?"\d+": ?\d{1,3})*\}')
_INDEX = re.compile(r'"\d+": ?')

_DATA_URL = re.compile(r"data:[\w.+-]*/?[\w.+-]*(?:;[\w.=-]+)*,", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")

_FENCE = re.compile(r"\s*(?P<ticks>`{3,})[ \t]*[\w.+#/:=\"' -]*(?:\r?\n|$)")


def byte_list(text: str) -> bytes | None:
    """`0,97,115`, `{"type":"Buffer","data":[0,97,115]}` or `{"0":0,"1":97,"2":115}`."""
    text = text.strip()
    if found := _BUFFER.fullmatch(text):
        text = found[1]
    elif _INDEXED.fullmatch(text):
        text = _INDEX.sub("", text[1:-1])
    elif not _DECIMALS.fullmatch(text):
        return None
    try:
        return bytes(int(number) for number in text.split(","))
    except ValueError:  # above 255, or nothing between two commas
        return None


def base64_bytes(text: str) -> bytes | None:
    """Base64 with or without line breaks."""
    if not _BASE64.fullmatch(text):
        return None
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        return None


def data_url(text: str) -> bytes | None:
    """`data:<type>[;base64],<data>` and nothing else."""
    text = text.strip()
    head = _DATA_URL.match(text)
    if head is None:
        return None
    data = text[head.end() :]
    return base64_bytes(data) if head[0].lower().endswith(";base64,") else unquote_to_bytes(data)


def fenced(text: str) -> str | None:
    """What is inside of a markdown code fence around the whole text; see `is_unfinished_fence` for one that is open."""
    opening = _FENCE.match(text)
    if opening is None:
        return None
    lines = text[opening.end() :].rstrip().splitlines(keepends=True)
    closing = [number for number, line in enumerate(lines) if _closes(line, opening["ticks"])]
    # One that closes before the end is followed by prose or by another file: which part is meant is not certain.
    return "".join(lines[:-1]) if closing == [len(lines) - 1] else None


def is_unfinished_fence(text: str) -> bool:
    """True if the text begins with a code fence that is not closed: its author is still writing."""
    opening = _FENCE.match(text)
    return opening is not None and not any(
        _closes(line, opening["ticks"]) for line in text[opening.end() :].splitlines()
    )


def json_text(text: str) -> str | None:
    """The string that a JSON string literal stands for, if it has several lines: a literal of one line may be code."""
    text = text.strip()
    if len(text) < 2 or text[0] != '"' or text[-1] != '"' or "\n" in text or "\\n" not in text:
        return None
    try:
        inner = json.loads(text)
    except ValueError:
        return None
    return inner if isinstance(inner, str) and "\n" in inner.strip("\n") else None


def _closes(line: str, ticks: str) -> bool:
    stripped = line.strip()
    return len(stripped) >= len(ticks) and not stripped.strip("`")
