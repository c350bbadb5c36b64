"""Whether an API server answers, asked without kubectl: many times a second while it starts."""

from __future__ import annotations

import ssl
from contextlib import suppress
from http.client import HTTPException, HTTPSConnection

from e2e.cluster.commands import Plane
from e2e.cluster.identity import ADMIN


def answers(plane: Plane, path: str) -> str | None:
    """The body that an administrator gets with a 200; None for anything else."""
    authority = plane.identity.authority
    if not authority.exists():
        return None
    # ssl.SSLError is an OSError: half a certificate while it is being written.
    with suppress(OSError, HTTPException):
        context = ssl.create_default_context(cafile=str(authority))
        connection = HTTPSConnection(plane.address, plane.port, timeout=5, context=context)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {plane.identity.tokens[ADMIN]}"})
            response = connection.getresponse()
            body = response.read().decode()
            return body if response.status == 200 else None
        finally:
            connection.close()
    return None
