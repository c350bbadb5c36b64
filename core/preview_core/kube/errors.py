"""What a call to the API server can come to, besides an answer."""

from __future__ import annotations


class KubeError(Exception):
    """Base. Messages name the call and the reason, never an object: the name of a session is a secret."""


class NotFound(KubeError):
    """404: no such object (or no such kind)."""


class AlreadyExists(KubeError):
    """409 of a create. The object may be our own: of an earlier attempt that got no answer. An attempt may be made
    unseen (the transport repeats what HTTP calls idempotent), so whoever must know marks what it writes."""


class Conflict(KubeError):
    """409 of a write under compare-and-set. As above: the other write may be our own."""


class Expired(KubeError):
    """410: the resource version is too old to watch or list from. List anew."""


class Refused(KubeError):
    """Any other 4xx: the same call will be refused again. `message` is the API server's, for an operator's eyes."""

    def __init__(self, text: str, *, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(text)


class Unavailable(KubeError):
    """No usable answer within the time and the attempts allowed: network, time-out, 429 or 5xx."""
