"""The public address of a preview: byte-stable for the life of a session, because it is made of what never changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from preview_core.naming import preview_host, session_id_of_host

Scheme = Literal["http", "https"]


@dataclass(frozen=True)
class PublicAddress:
    """How browsers reach previews. `port` None: the scheme's own."""

    scheme: Scheme
    domain: str
    port: int | None = None

    def host(self, session_id: str) -> str:
        """Without the port: what an Ingress names."""
        return preview_host(session_id, self.domain)

    def url(self, session_id: str) -> str:
        """`https://preview-<id>.<domain>/`."""
        return f"{self.scheme}://{self._authority(session_id)}/"

    def socket_url(self, session_id: str) -> str:
        """`wss://preview-<id>.<domain>/hmr`."""
        return f"{'wss' if self.scheme == 'https' else 'ws'}://{self._authority(session_id)}/hmr"

    def session_id(self, host: str) -> str | None:
        """The session of a Host header, None when it is not a preview's."""
        return session_id_of_host(host, self.domain)

    def _authority(self, session_id: str) -> str:
        return self.host(session_id) + (f":{self.port}" if self.port is not None else "")
