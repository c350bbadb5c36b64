"""What an operator of the API decides."""

from __future__ import annotations

from dataclasses import dataclass

BODY_LIMIT_BYTES = 64 * 1024 * 1024  # contract, section 2
# The ports that Vite and the usual React tooling serve on: a developer's own page works without configuration.
LOCAL_ORIGINS = ("http://localhost:5173", "http://localhost:3000")
# A page elsewhere whose name resolves to 127.0.0.1 (DNS rebinding) reaches the server, but with its own name as Host.
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Settings:
    """Configuration of the HTTP face.

    `allowed_origins` are compared exactly. `allowed_hosts` are names without a port, None allows every Host (a
    cluster's ingress already decides there).
    """

    allowed_origins: tuple[str, ...] = LOCAL_ORIGINS
    allowed_hosts: tuple[str, ...] | None = LOCAL_HOSTS
    body_limit: int = BODY_LIMIT_BYTES
