"""What kind of content a file holds, told from its name, and whether bytes begin as that kind does."""

from __future__ import annotations

import re
from enum import Enum, auto

_IMAGE = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|....ftyp(?:avi[fs]|mif1|msf1)|\x00\x00[\x01\x02]\x00|BM",
    re.DOTALL,
)
_FONT = re.compile(rb"wOF[F2]|\x00\x01\x00\x00|true|OTTO|ttcf|.{34}LP", re.DOTALL)
_MEDIA = re.compile(rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]|....ftyp|\x1a\x45\xdf\xa3|RIFF....WAVE|OggS|fLaC", re.DOTALL)
# A browser goes by the content, so a JPEG named .png is an image all the same.
_BINARY: tuple[tuple[re.Pattern[str], re.Pattern[bytes]], ...] = (
    (re.compile(r".+\.(png|jpe?g|gif|webp|avif|ico|cur|bmp)", re.IGNORECASE), _IMAGE),
    (re.compile(r".+\.(woff2?|ttf|otf|eot)", re.IGNORECASE), _FONT),
    (re.compile(r".+\.(mp3|mp4|m4a|webm|wav|ogg|flac)", re.IGNORECASE), _MEDIA),
    (re.compile(r".+\.pdf", re.IGNORECASE), re.compile(rb"%PDF")),
    (re.compile(r".+\.wasm", re.IGNORECASE), re.compile(rb"\x00asm")),
)
_CODE = re.compile(
    r".+\.(tsx?|jsx?|[mc][jt]s|vue|svelte|css|scss|sass|less|html?|svg|json|did|mo|toml|ya?ml|graphql|glsl)",
    re.IGNORECASE,
)
_SVG_BEGINS = re.compile(rb"\s*(<\?xml|<!--|<!DOCTYPE|<svg)", re.IGNORECASE)


class Kind(Enum):
    """What a file's content is, by its name."""

    BINARY = auto()  # bytes that begin in a known way
    CODE = auto()  # text in which a markdown fence or a list of numbers makes no sense
    PROSE = auto()  # everything else: any text may be meant


def kind_of(path: str) -> Kind:
    """By the extension alone."""
    if _magic(path) is not None:
        return Kind.BINARY
    return Kind.CODE if _CODE.fullmatch(path) else Kind.PROSE


def begins_right(path: str, content: bytes) -> bool:
    """True if `content` begins as a file of this binary kind does."""
    magic = _magic(path)
    return magic is not None and magic.match(content) is not None


def is_svg(content: bytes) -> bool:
    """True if `content` begins as an SVG does and holds one."""
    return _SVG_BEGINS.match(content) is not None and b"<svg" in content


def _magic(path: str) -> re.Pattern[bytes] | None:
    return next((magic for name, magic in _BINARY if name.fullmatch(path)), None)
