"""From the text that a caller sends for a file to its bytes: JSON has no bytes, so images arrive in disguises."""

from __future__ import annotations

import base64
import binascii
import re

_BINARY = re.compile(
    r".+\.(png|jpe?g|gif|webp|avif|ico|bmp|woff2?|ttf|otf|eot|mp3|mp4|webm|wav|ogg|pdf|wasm)", re.IGNORECASE
)
_DATA_URL = re.compile(r"data:[^,]*;base64,", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")
_DECIMALS = re.compile(r"\d{1,3}(,\d{1,3})+")  # a Uint8Array that went through String()
_PLACEHOLDER = "// File detected - content incoming..."  # the caller's own, while a model still writes the file


class UnusableContent(ValueError):
    """A content that cannot be stored. `reason` is one word that can be shown to the caller."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def decode(path: str, content: object) -> bytes:
    """UTF-8 of the text; for a binary kind of file the bytes that the text stands for; raises UnusableContent."""
    if not isinstance(content, str):
        raise UnusableContent("content-not-a-string")
    try:
        text = content.encode()
    except UnicodeEncodeError as error:
        raise UnusableContent("content-encoding") from error
    return (_binary(content) or text) if _BINARY.fullmatch(path) else text


def doubt(content: bytes) -> str | None:
    """Why a content is probably not what its author meant; None if it looks right."""
    text = content[:100].strip()
    if text == b"[object Object]":
        return "The content is the name of an object, not a text"
    if text == _PLACEHOLDER.encode():
        return "The content is a placeholder: the file was not complete"
    return None


def _binary(content: str) -> bytes | None:
    if _DECIMALS.fullmatch(content):
        numbers = [int(number) for number in content.split(",")]
        return bytes(numbers) if max(numbers) < 256 else None
    encoded = _DATA_URL.sub("", content, count=1)
    if not _BASE64.fullmatch(encoded):
        return None
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except binascii.Error:
        return None
