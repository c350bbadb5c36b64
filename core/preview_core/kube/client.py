"""One API server, spoken to in plain objects: every call has a time-out and a bounded number of attempts.

The library's models are left out on purpose: they forbid fields they do not know, and a newer API server has some. Its
own transport, configuration and retry algorithm (client-go's) are used as they are.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from kubernetes.aio import config as kube_config
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.utils import Backoff, on_retry_after_error

from preview_core.kube.errors import (
    AlreadyExists,
    Conflict,
    Expired,
    KubeError,
    NotFound,
    Refused,
    Unavailable,
)
from preview_core.kube.resource import Resource

Object = dict[str, Any]
T = TypeVar("T")

# A healthy API server answers in milliseconds; its own limit for a request is a minute, longer than any caller waits.
ATTEMPT_SECONDS = 4.0
CONNECT_SECONDS = 1.5
# A connection that was cut, or a server that sheds load: three attempts within two seconds outlive a restart of one of
# several API servers, and a caller still gets its answer in time.
BACKOFF = Backoff(steps=3, duration=0.1, factor=4.0, jitter=0.2)
# A server under load may ask for more patience than our own caller has.
LONGEST_RETRY_AFTER = 2.0
# Of a list: 500 pods are 4 MB, and come well within the time of one attempt.
PAGE = 500
# The token that continues a list is good for five minutes.
LISTINGS = 3
WATCH_SECONDS = 300
# The server writes a bookmark about once a minute to a watch that has nothing else to say.
WATCH_SILENCE_SECONDS = 90.0

_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_MERGE = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class Listed:
    """A list, and the resource version from which a watch goes on."""

    items: list[Object]
    resource_version: str


@dataclass(frozen=True)
class Change:
    """One event of a watch: ADDED, MODIFIED or DELETED, or BOOKMARK with a resource version only."""

    kind: str
    object: Object


class _Retryable(Exception):
    """An attempt that may be repeated. `headers` is where the library looks for Retry-After."""

    def __init__(self, reason: str, retry_after: str | None = None) -> None:
        self.headers = {} if retry_after is None else {"Retry-After": retry_after}
        super().__init__(reason)


async def configuration(kubeconfig: str | None = None) -> Configuration:
    """Of the given file, else of `KUBECONFIG`, else of the cluster this pod runs in. Raises what the library does.

    In a cluster the API server is found by its address: not every cluster has a name server.
    """
    found = Configuration()
    path = kubeconfig or os.environ.get("KUBECONFIG")
    if path:
        await kube_config.load_kube_config(  # type: ignore[no-untyped-call]
            config_file=path, client_configuration=found
        )
    else:
        kube_config.load_incluster_config(client_configuration=found)  # type: ignore[no-untyped-call]
    return found


class Kube:
    """Use as an async context manager, or call `close`. Every method may raise Unavailable and Refused."""

    def __init__(self, configuration: Configuration, field_manager: str) -> None:
        self._client = ApiClient(configuration)
        self._field_manager = field_manager

    @classmethod
    async def connect(cls, field_manager: str) -> Kube:
        """To the cluster of `configuration()`."""
        return cls(await configuration(), field_manager)

    @classmethod
    async def of_kubeconfig(cls, path: Path, field_manager: str) -> Kube:
        """To the cluster of one kubeconfig."""
        return cls(await configuration(str(path)), field_manager)

    async def __aenter__(self) -> Kube:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()  # type: ignore[no-untyped-call]

    # --- reading ---

    async def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """The newest state of one object. Raises NotFound."""
        return await self._call("GET", resource.path(namespace, name))

    async def get_metadata(self, resource: Resource, namespace: str, name: str) -> Object:
        """The object's metadata only. Raises NotFound."""
        return await self._call("GET", resource.path(namespace, name), accept=_METADATA)

    async def list(self, resource: Resource, namespace: str, selector: str = "", limit: int | None = None) -> Listed:
        """The newest state of all objects (at most `limit`)."""
        return await self._list(resource, namespace, selector, "application/json", limit)

    async def list_cached(self, resource: Resource, namespace: str, selector: str) -> Listed:
        """The objects as the API server has them in memory, maybe of a moment ago: it reads etcd for none of them."""
        query = {"labelSelector": selector, "resourceVersion": "0"}
        answer = await self._call("GET", resource.path(namespace), query=query)
        return Listed(answer.get("items") or [], answer["metadata"]["resourceVersion"])

    async def list_metadata(self, resource: Resource, namespace: str, selector: str = "") -> Listed:
        """Their metadata only."""
        return await self._list(resource, namespace, selector, _METADATA_LIST, None)

    async def watch_metadata(
        self, resource: Resource, namespace: str, selector: str, resource_version: str
    ) -> AsyncIterator[Change]:
        """Changes after `resource_version` until the server ends the watch. Raises Expired, Unavailable, Refused."""
        query = {
            "watch": "true",
            "labelSelector": selector,
            "resourceVersion": resource_version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        timeout = aiohttp.ClientTimeout(
            total=WATCH_SECONDS + ATTEMPT_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=WATCH_SILENCE_SECONDS
        )
        try:
            # Of single objects: asked for lists, the server ends the watch at the first event.
            response = await self._send("GET", resource.path(namespace), query, None, timeout, accept=_METADATA)
            try:
                if response.status >= 400:
                    raise _error("GET", response.status, await response.text())
                async for line in response.content:
                    yield _change(json.loads(line))
            finally:
                response.close()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unavailable(f"watch: {type(error).__name__}") from error

    # --- writing ---

    async def create(self, resource: Resource, namespace: str, body: Object) -> Object:
        """Raises AlreadyExists."""
        return await self._call("POST", resource.path(namespace), body=body, query=self._managed)

    async def replace(self, resource: Resource, namespace: str, body: Object) -> Object:
        """The whole object; under compare-and-set when it has a resourceVersion. Raises Conflict, NotFound."""
        path = resource.path(namespace, body["metadata"]["name"])
        return await self._call("PUT", path, body=body, query=self._managed)

    async def patch(
        self, resource: Resource, namespace: str, name: str, body: Object, subresource: str | None = None
    ) -> Object:
        """A merge patch; under compare-and-set when `body` has metadata.resourceVersion. Raises Conflict, NotFound."""
        path = resource.path(namespace, name, subresource)
        return await self._call("PATCH", path, body=body, query=self._managed, content_type=_MERGE)

    async def apply(self, resource: Resource, namespace: str, body: Object, subresource: str | None = None) -> Object:
        """Server-side apply: makes the fields in `body` so, and removes those that an earlier apply of ours had."""
        path = resource.path(namespace, body["metadata"]["name"], subresource)
        query = {**self._managed, "force": "true"}
        return await self._call("PATCH", path, body=body, query=query, content_type=_APPLY)

    async def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        grace_seconds: int | None = None,
    ) -> bool:
        """False if it was gone already (or, with `uid`, is another object of that name by now; or, with
        `resource_version`, somebody has written it since)."""
        options: Object = {"propagationPolicy": "Background"}
        wanted = {"uid": uid, "resourceVersion": resource_version}
        preconditions = {field: value for field, value in wanted.items() if value is not None}
        if preconditions:
            options["preconditions"] = preconditions
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        try:
            await self._call("DELETE", resource.path(namespace, name), body=options)
        except (NotFound, Conflict):
            return False
        return True

    # --- inside ---

    @property
    def _managed(self) -> dict[str, str]:
        return {"fieldManager": self._field_manager}

    async def _list(self, resource: Resource, namespace: str, selector: str, accept: str, limit: int | None) -> Listed:
        """All of it in pages, or the first `limit` objects. A list that takes too long for its server starts anew."""
        for _ in range(LISTINGS):
            try:
                return await self._pages(resource, namespace, selector, accept, limit)
            except Expired:
                continue
        raise Unavailable("GET of the API server: a list does not come to its end")

    async def _pages(self, resource: Resource, namespace: str, selector: str, accept: str, limit: int | None) -> Listed:
        items: list[Object] = []
        query = {"limit": str(limit or PAGE), **({"labelSelector": selector} if selector else {})}
        while True:
            answer = await self._call("GET", resource.path(namespace), query=query, accept=accept)
            items += answer.get("items") or []
            after = answer["metadata"].get("continue")
            if not after or limit is not None:
                return Listed(items, answer["metadata"]["resourceVersion"])
            query["continue"] = after

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        accept: str = "application/json",
        content_type: str = "application/json",
    ) -> Object:
        timeout = aiohttp.ClientTimeout(total=ATTEMPT_SECONDS, sock_connect=CONNECT_SECONDS)

        async def attempt() -> Object:
            try:
                response = await self._send(method, path, query, body, timeout, accept, content_type)
                text = await response.text()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise _Retryable(type(error).__name__) from error
            if response.status == 429 or response.status >= 500:
                raise _Retryable(str(response.status), response.headers.get("Retry-After"))
            if response.status >= 400:
                raise _error(method, response.status, text)
            try:
                answer: Object = json.loads(text)
            except ValueError as error:
                raise _Retryable("an answer that is not JSON") from error
            return answer

        try:
            return await _repeated(attempt)
        except _Retryable as error:
            raise Unavailable(f"{method} of the API server: {error}") from error

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Object | None,
        limits: aiohttp.ClientTimeout,
        accept: str = "application/json",
        content_type: str = "application/json",
    ) -> aiohttp.ClientResponse:
        headers = {"Accept": accept, "Content-Type": content_type}
        serialized = await self._client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        answer = await self._client.call_api(*serialized, _request_timeout=limits)
        response: aiohttp.ClientResponse = answer.response
        return response


async def _repeated(attempt: Callable[[], Awaitable[T]]) -> T:
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(min(seconds, LONGEST_RETRY_AFTER))

    return await on_retry_after_error(BACKOFF, lambda error: isinstance(error, _Retryable), attempt, sleep)


def _error(method: str, status: int, text: str) -> KubeError:
    """Of an answer that is final."""
    try:
        said = json.loads(text)
    except ValueError:
        said = {}
    reason = str(said.get("reason", "")) if isinstance(said, dict) else ""
    summary = f"{method} of the API server: {status} {reason}".rstrip()
    if status == 404:
        return NotFound(summary)
    if status == 409:
        return (AlreadyExists if reason == "AlreadyExists" else Conflict)(summary)
    if status == 410:
        return Expired(summary)
    message = str(said.get("message", "")) if isinstance(said, dict) else ""
    return Refused(summary, status=status, message=message)


def _change(event: Object) -> Change:
    """Raises Expired and Unavailable for what is an error in the stream."""
    kind, found = str(event["type"]), event["object"]
    if kind != "ERROR":
        return Change(kind, found)
    if found.get("code") == 410:
        raise Expired("watch: 410")
    raise Unavailable(f"watch: {found.get('code')} {found.get('reason')}")
