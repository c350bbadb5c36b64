"""Session ids and the host names made of them. The id is the only capability a caller holds: treat it as a secret."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable

ID_BYTES = 16  # 128 random bits: the id is the only thing between a stranger and a preview
ID_LENGTH = 26  # base32 characters that hold 16 bytes, without padding

# 26 characters hold 130 bits: the last two are always zero, so only every fourth letter can stand at the end.
SESSION_ID_PATTERN = r"[a-z2-7]{25}[aeimquy4]"
_SESSION_ID = re.compile(SESSION_ID_PATTERN)
_HOST_PREFIX = "preview-"


def new_session_id(random: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """26 characters of lower-case base32 made of `random(16)`: a DNS label, whole, with room for a prefix."""
    return base64.b32encode(random(ID_BYTES)).decode("ascii").rstrip("=").lower()


def is_session_id(text: str) -> bool:
    """Well-formed, nothing more: whether we minted it is for the records to say."""
    return _SESSION_ID.fullmatch(text) is not None


def preview_host(session_id: str, domain: str) -> str:
    """`preview-<id>.<domain>`, without a port."""
    return f"{_HOST_PREFIX}{session_id}.{domain}"


def session_id_of_host(host: str, domain: str) -> str | None:
    """The id in a Host header (a port, capitals and a final dot are allowed); None when the host is not a preview's."""
    name = host.rpartition(":")[0] if re.search(r":\d*$", host) else host
    label, _, rest = name.lower().removesuffix(".").partition(".")
    if rest != domain.lower() or not label.startswith(_HOST_PREFIX):
        return None
    session_id = label.removeprefix(_HOST_PREFIX)
    return session_id if is_session_id(session_id) else None
