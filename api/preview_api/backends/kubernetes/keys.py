"""The Secret that everything secret is derived from: read once, as soon as it is there."""

from __future__ import annotations

import asyncio
import base64
import binascii

from preview_api.backends.kubernetes.failures import RETRY_AFTER_S
from preview_core.errors import BackendUnavailable
from preview_core.kube.client import Kube
from preview_core.kube.errors import NotFound
from preview_core.kube.resource import SECRETS
from preview_core.objects.capability import KEY_BYTES, SECRET_KEY


class Keys:
    """Of one Secret. The operator makes it; until then nothing can be derived."""

    def __init__(self, kube: Kube, namespace: str, name: str) -> None:
        self._kube = kube
        self._namespace = namespace
        self._name = name
        self._secret: bytes | None = None
        self._reading = asyncio.Lock()

    async def secret(self) -> bytes:
        """Raises BackendUnavailable while there is none, and what the client raises."""
        async with self._reading:
            if self._secret is None:
                self._secret = await self._read()
            return self._secret

    def forget(self) -> None:
        """A pod refused what was derived: perhaps the Secret is another one by now."""
        self._secret = None

    async def _read(self) -> bytes:
        try:
            found = await self._kube.get(SECRETS, self._namespace, self._name)
        except NotFound as error:
            raise BackendUnavailable(
                f"The Secret {self._name} is not there yet: the operator makes it when it starts",
                retry_after=RETRY_AFTER_S,
            ) from error
        try:
            secret = base64.b64decode(found["data"][SECRET_KEY], validate=True)
        except (KeyError, TypeError, binascii.Error) as error:
            raise self._unusable() from error
        if len(secret) < KEY_BYTES:
            raise self._unusable()
        return secret

    def _unusable(self) -> BackendUnavailable:
        wanted = f"the entry `{SECRET_KEY}` with {KEY_BYTES} or more random bytes"
        return BackendUnavailable(f"The Secret {self._name} needs {wanted}", retry_after=RETRY_AFTER_S)
