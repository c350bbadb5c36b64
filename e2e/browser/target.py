"""What the browser tests need to know of the product, wherever it runs."""

from __future__ import annotations

from typing import Protocol


class Target(Protocol):
    """Where its API is, for browsers (`url`) and for clients that do not resolve its name (`base_url` and `host`)."""

    @property
    def url(self) -> str: ...

    @property
    def base_url(self) -> str: ...

    @property
    def host(self) -> str: ...

    @property
    def cold(self) -> bool:
        """A new session has no process yet, and sockets are refused until it has: its page comes again."""
        ...

    @property
    def folders(self) -> tuple[str, ...]:
        """Paths of the machine that no answer may name."""
        ...
