"""From the text that a caller sends for a file to its bytes, or to the finding that it is not the file's content.

JSON has no bytes, so images arrive in disguises; generated code arrives in fences; and while a model is still writing,
what arrives is a placeholder. Only what is certain is touched: a doubtful content is kept as it is, and the runtime
holds what does not compile. All is pure; `decode` is idempotent on what it returns, and goes by the path's extension
alone, so that what is not stored can be told before a batch's names have found their places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from preview_core.disguise import base64_bytes, byte_list, data_url, fenced, is_unfinished_fence, json_text
from preview_core.filekind import Kind, begins_right, is_svg, kind_of

# Reason in an answer -> what it means, for people.
JUNK: Mapping[str, str] = {
    "junk-object": "The content is the name of an object, not a text",
    "junk-placeholder": "The content is a placeholder: the file was not complete",
    "junk-bytes": "The content is a list of bytes that are no file of this kind",
    "junk-binary": "The content is no file of this kind, and the one that is there is",
    "junk-unfinished": "The content breaks off: the file was not complete",
}

MAX_LAYERS = 4  # a fence in a JSON text in a fence was seen; each layer costs a pass over the text
_FEW_NUMBERS = 4  # fewer byte values than this may be an expression: `1, 2`
_BOM = "\ufeff"

_OBJECT = re.compile(r"\[object \w+\](?:,\[object \w+\])*")
_NOTHING = frozenset({"undefined", "NaN"})  # String() of what was not there

_COMMENT_MARKS = re.compile(r"^\s*(?:\{?/\*+|//+|<!--|\*(?!/))|(?:\*+/\}?|-->)\s*$", re.MULTILINE)
_COMMENT = re.compile(r"\s*(?://|\{?/\*|<!--)")
_LONGEST_PLACEHOLDER = 300  # characters: a longer comment says something
_WAITING = r"(?:incoming|loading|pending|generating|streaming|in progress|being (?:generated|written|loaded|streamed))"
_PLACEHOLDER = re.compile(
    rf".{{0,60}}\b(?:content|file|code|component)s?\b.{{0,40}}\b{_WAITING}\W*"
    rf"|(?:{_WAITING}|awaiting|waiting for|writing)\b.{{0,80}}?(?:\.\.\.|…|\b(?:content|file|code|component)s?)\W*",
    re.IGNORECASE,
)
_CONTROLS = re.compile(r"[\0-\x08\x0b\x0e-\x1f\x7f]")


class UnusableContent(ValueError):
    """A content that cannot be stored. `reason` is one word that can be shown to the caller."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class JunkContent(ValueError):
    """A text that is certainly not the file's content: what was there stays. `reason` is a key of JUNK."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def decode(path: str, content: object) -> bytes:
    """The bytes of a file with the extension of `path`. Raises UnusableContent and JunkContent."""
    if not isinstance(content, str):
        raise UnusableContent("content-not-a-string")
    try:
        plain = content.encode()
    except UnicodeEncodeError as error:
        raise UnusableContent("content-encoding") from error
    kind = kind_of(path)
    _refuse_stand_ins(content, kind)
    if kind is Kind.BINARY:
        return _binary(path, content, plain)
    return _code(path, content) if kind is Kind.CODE else plain


def refuse_damage(path: str, content: bytes, previous: bytes) -> None:
    """Raises JunkContent if `content`, as `decode` returned it, is `previous` after an accident."""
    kind = kind_of(path)
    # Where no image is, something else in its place does no harm: it shows as a broken one, and its importers compile.
    if kind is Kind.BINARY and begins_right(path, previous) and not begins_right(path, content):
        raise JunkContent("junk-binary")
    if kind is Kind.CODE and _breaks_off(content, previous):
        raise JunkContent("junk-unfinished")


def _refuse_stand_ins(content: str, kind: Kind) -> None:
    if len(content) > _LONGEST_PLACEHOLDER:
        return
    text = content.strip()
    if _OBJECT.fullmatch(text) or (text in _NOTHING and kind is not Kind.PROSE):
        raise JunkContent("junk-object")
    if _COMMENT.match(text):
        said = " ".join(_COMMENT_MARKS.sub("", text).split())
        if _PLACEHOLDER.fullmatch(said):
            raise JunkContent("junk-placeholder")


def _binary(path: str, content: str, plain: bytes) -> bytes:
    listed, encoded = byte_list(content), data_url(content) or base64_bytes(content)
    for found in (_latin(content), plain, encoded, listed):
        if found is not None and begins_right(path, found):
            return found
    if listed is not None:
        raise JunkContent("junk-bytes")
    return encoded or plain


def _latin(content: str) -> bytes | None:
    """A "binary string": one character per byte."""
    try:
        return content.encode("latin-1")
    except UnicodeEncodeError:
        return None


def _code(path: str, content: str) -> bytes:
    text = content
    for _ in range(MAX_LAYERS):
        inner = _unwrapped(path, text)
        if inner is None:
            break
        text = inner
        _refuse_stand_ins(text, Kind.CODE)
    if is_unfinished_fence(text):
        raise JunkContent("junk-unfinished")
    return text.encode()


def _unwrapped(path: str, text: str) -> str | None:
    """Without one layer of what is around it; None if there is none."""
    if text.startswith(_BOM):
        return text[1:]
    inner = fenced(text)
    if inner is not None:
        return inner
    is_json = path.lower().endswith(".json")
    inner = json_text(text)
    if inner is not None and _can_be_stored(inner) and (not is_json or _is_json(inner)):
        return inner
    if path.lower().endswith(".svg"):
        return _svg(text)
    return None if is_json and text.lstrip().startswith("{") else _listed(text)


def _svg(text: str) -> str | None:
    """An SVG that was sent as an image is, or as bytes."""
    for found in (data_url(text), base64_bytes(text), byte_list(text)):
        if found is not None and is_svg(found):
            return _as_text(found)
    return None


def _listed(text: str) -> str | None:
    """The text that a list of byte values stands for. Raises JunkContent if they are no text."""
    found = byte_list(text)
    if found is None or len(found) < _FEW_NUMBERS:
        return None
    inner = _as_text(found)
    if inner is None:
        raise JunkContent("junk-bytes")
    return inner


def _as_text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text


def _can_be_stored(text: str) -> bool:
    """A JSON text may hold half of a pair of surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False


def _breaks_off(content: bytes, previous: bytes) -> bool:
    """True if `content` is the beginning of `previous`, cut within a word with more lines to come.

    Somebody who deletes the end of a file deletes whole lines, or at least whole words.
    """
    if not content or len(content) >= len(previous) or not previous.startswith(content):
        return False
    rest = previous[len(content) :]
    _, _, further = rest.partition(b"\n")
    return _is_word(content[-1]) and _is_word(rest[0]) and bool(further.strip())


def _is_word(byte: int) -> bool:
    return byte >= 0x80 or byte == ord("_") or chr(byte).isalnum()
