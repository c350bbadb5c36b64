"""The one Secret from which everything secret is derived: made by the first operator that finds none."""

from __future__ import annotations

import base64
import secrets

from preview_core.kube.client import Kube
from preview_core.kube.errors import AlreadyExists, NotFound
from preview_core.kube.resource import SECRETS
from preview_core.objects import names
from preview_core.objects.capability import KEY_BYTES, SECRET_KEY


class SecretInvalid(Exception):
    """The Secret has no usable key; the text says what to do."""


async def ensure_secret(kube: Kube, namespace: str, name: str) -> bytes:
    """Its key. Two operators that start at once get the same: the API server lets one create through."""
    try:
        found = await kube.get(SECRETS, namespace, name)
    except NotFound:
        found = await _make(kube, namespace, name)
    key = base64.b64decode((found.get("data") or {}).get(SECRET_KEY, ""))
    if len(key) < KEY_BYTES:
        raise SecretInvalid(f"Secret {name} needs an entry `{SECRET_KEY}` of at least {KEY_BYTES} random bytes")
    return key


async def _make(kube: Kube, namespace: str, name: str) -> dict[str, object]:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {names.MANAGED_BY: names.MANAGER}},
        "type": "Opaque",
        "data": {SECRET_KEY: base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")},
    }
    try:
        return await kube.create(SECRETS, namespace, secret)
    except AlreadyExists:
        return await kube.get(SECRETS, namespace, name)
