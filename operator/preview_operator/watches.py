"""kopf's watches. A handler only hands on what it was told: kopf swallows what goes wrong in one, and waits for it.

`on.event` handlers cost no write. Nothing that would is used: no finalizers, no annotations, no timers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import kopf

from preview_core.kube.client import configuration
from preview_core.kube.resource import INGRESSES, PODS, RUNTIMES, SERVICES, SESSIONS, Resource
from preview_core.objects import names

WATCHED = (SESSIONS, RUNTIMES, PODS, SERVICES, INGRESSES)
# Of everybody's objects only ours.
SELECTOR = f"{names.MANAGED_BY}={names.MANAGER}"
SELECTED = (PODS, SERVICES, INGRESSES)
SERVER_TIMEOUT_S = 300
CONNECT_TIMEOUT_S = 5


# A kind, what happened (None: found by the list at a watch's beginning), and the object.
Tell = Callable[[Resource, str | None, Mapping[str, Any]], None]


def registry(tell: Tell) -> kopf.OperatorRegistry:
    """Handlers for every watched kind."""
    found = kopf.OperatorRegistry()
    kopf.on.login(registry=found)(_login)
    for resource in WATCHED:
        _watch(found, resource, tell)
    return found


def settings() -> kopf.OperatorSettings:
    """Of an operator that keeps no state in its objects."""
    found = kopf.OperatorSettings()
    found.posting.enabled = False
    found.peering.standalone = True
    found.scanning.disabled = True
    found.watching.server_timeout = SERVER_TIMEOUT_S
    found.watching.connect_timeout = CONNECT_TIMEOUT_S
    for resource in SELECTED:
        found.watching.label_selectors[resource.group, resource.version, resource.plural] = SELECTOR
    # kopf logs under the names of objects, and the name of a session is a secret.
    logging.getLogger("kopf.objects").setLevel(logging.CRITICAL)
    logging.getLogger("kopf").setLevel(logging.WARNING)
    return found


def _watch(found: kopf.OperatorRegistry, resource: Resource, tell: Tell) -> None:
    async def handle(event: Any, **_: Any) -> None:
        tell(resource, event["type"], event["object"])

    # Three arguments: with a selector that it cannot resolve kopf idles, and says so in a warning only.
    kopf.on.event(resource.group, resource.version, resource.plural, registry=found, id=resource.plural)(handle)


async def _login(**_kwargs: Any) -> kopf.ConnectionInfo:
    """As the client of our own writes. kopf's own login wants a name server, and drops what it does not know."""
    found = await configuration()
    scheme, _, token = found.api_key.get("BearerToken", "").partition(" ")
    return kopf.ConnectionInfo(
        server=found.host,
        ca_path=found.ssl_ca_cert,
        insecure=not found.verify_ssl,
        scheme="Bearer" if scheme else None,
        token=token or None,
        certificate_path=found.cert_file,
        private_key_path=found.key_file,
    )
