"""What the watches have told so far, by session: the picture that decisions are made on.

Newer beats older whatever the order of arrival: answers to our own writes go in as well, so that the next pass sees
what the last one did before the watch tells it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from preview_core.kube.resource import INGRESSES, PODS, RUNTIMES, SERVICES, SESSIONS, Resource
from preview_core.objects import names
from preview_core.objects.files import Index
from preview_core.objects.packing import FilesCorrupt
from preview_core.resources.runtime import PreviewRuntime
from preview_core.resources.session import PreviewSession
from preview_core.resources.timestamp import epoch_ms
from preview_operator.seen import PodSeen

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Invalid:
    """An object that the models cannot read, written past the schema (an older API server, another version)."""

    uid: str
    generation: int
    message: str


@dataclass
class Group:
    """All that is known of one session."""

    session: PreviewSession | Invalid | None = None
    pods: dict[str, PodSeen] = field(default_factory=dict)
    service: Object | None = None
    ingress: Object | None = None
    index: Index | None = None
    index_fault: str = ""
    shards: dict[str, int] = field(default_factory=dict)  # name -> created at

    @property
    def empty(self) -> bool:
        return self == Group()


class Cache:
    """`sessions` by id, `runtimes` by name."""

    def __init__(self) -> None:
        self.sessions: defaultdict[str, Group] = defaultdict(Group)
        self.runtimes: dict[str, PreviewRuntime | Invalid] = {}
        self.unowned: set[str] = set()  # ids of the sessions that nobody owns: a few of many
        self._versions: dict[tuple[str, str], int] = {}  # (plural, name) -> resourceVersion
        self._sessions_of: dict[tuple[str, str], str] = {}  # (plural, name) -> session or runtime
        self._counted: dict[str, int] = {}  # runtime -> `pods_of`, until a pod comes or goes

    def put(self, resource: Resource, found: Object) -> str | None:
        """Takes an object in; the session or runtime that it belongs to, None if it is older than what is known."""
        metadata = found["metadata"]
        place = (resource.plural, metadata["name"])
        version = int(metadata["resourceVersion"])
        if version <= self._versions.get(place, 0):
            return None
        key = _key(resource, metadata)
        if key is not None:
            before = self._sessions_of.get(place, key)
            if before != key:
                # A pod that was handed over.
                self._drop_from(resource, before, metadata["name"])
            self._versions[place] = version
            self._sessions_of[place] = key
            self._put(resource, key, found)
        return key

    def refresh(self, resource: Resource, found: Object) -> str | None:
        """`put` of an answer to a change of ours: it may come later than the news that the object is gone."""
        known = (resource.plural, found["metadata"]["name"]) in self._versions
        return self.put(resource, found) if known else None

    def drop(self, resource: Resource, metadata: Object) -> str | None:
        """Forgets an object that is gone; the session or runtime that it belonged to.

        None if there is another of that name by now: kopf tells of the two in any order.
        """
        key = _key(resource, metadata)
        gone_at = int(metadata.get("resourceVersion") or 0)
        if 0 < gone_at < self._versions.get((resource.plural, metadata["name"]), 0):
            return None
        self._versions.pop((resource.plural, metadata["name"]), None)
        self._sessions_of.pop((resource.plural, metadata["name"]), None)
        if key is None:
            return None
        if resource is RUNTIMES:
            self.runtimes.pop(key, None)
            return key
        self._drop_from(resource, key, metadata["name"])
        return key

    def known(self, resource: Resource) -> dict[str, int]:
        """Names and resource versions of what is known of one kind."""
        return {name: version for (plural, name), version in self._versions.items() if plural == resource.plural}

    def metadata(self, resource: Resource, name: str) -> Object:
        """As much as `drop` needs of an object that a list no longer has."""
        session_id = self._sessions_of.get((resource.plural, name))
        labels = {names.SESSION_LABEL: session_id} if session_id is not None else {}
        return {"name": name, "labels": labels}

    def runtime(self, name: str) -> PreviewRuntime | None:
        """None also for one that cannot be read."""
        found = self.runtimes.get(name)
        return found if isinstance(found, PreviewRuntime) else None

    def runtime_of(self, resource: Resource, name: str) -> str | None:
        """The runtime that counts a session or a pod; None for everything else, and what is not known."""
        group = self.sessions.get(self._sessions_of.get((resource.plural, name), ""))
        if group is None or resource not in (SESSIONS, PODS):
            return None
        if isinstance(group.session, PreviewSession):
            return group.session.spec.runtime_ref.name
        pod = group.pods.get(name)
        return pod.runtime or None if pod is not None else None

    def counted(self, runtime: str) -> int:
        """`pods_of` for every pass: counted anew when a pod has come or gone, not when one changed."""
        if runtime not in self._counted:
            self._counted[runtime] = self.pods_of(runtime)
        return self._counted[runtime]

    def valid_sessions(self) -> Iterator[tuple[str, PreviewSession]]:
        """Those that can be read."""
        for key, group in self.sessions.items():
            if isinstance(group.session, PreviewSession):
                yield key, group.session

    def pods_of(self, runtime: str) -> int:
        """How many pods of one runtime there are, those included whose session is gone and that end."""
        return sum(pod.runtime == runtime for group in self.sessions.values() for pod in group.pods.values())

    def _put(self, resource: Resource, key: str, found: Object) -> None:
        if resource is RUNTIMES:
            self.runtimes[key] = _read(PreviewRuntime.model_validate, found)
            return
        group = self.sessions[key]
        if resource is SESSIONS:
            group.session = _read(PreviewSession.model_validate, found)
            if isinstance(group.session, PreviewSession) and group.session.spec.owner is None:
                self.unowned.add(key)
            else:
                self.unowned.discard(key)
        elif resource is PODS:
            pod = PodSeen.of(found)
            if pod is not None:
                known = group.pods.get(pod.name)
                if known is None or known.runtime != pod.runtime:
                    self._counted.clear()
                group.pods[pod.name] = pod
        elif resource is SERVICES:
            group.service = _trimmed(found)
        elif resource is INGRESSES:
            group.ingress = _trimmed(found)
        else:
            _put_files(group, found["metadata"])

    def _drop_from(self, resource: Resource, key: str, name: str) -> None:
        self._drop(resource, key, name)
        if self.sessions[key].empty:
            del self.sessions[key]

    def _drop(self, resource: Resource, key: str, name: str) -> None:
        group = self.sessions[key]
        if resource is SESSIONS:
            group.session = None
            self.unowned.discard(key)
        elif resource is PODS:
            group.pods.pop(name, None)
            self._counted.clear()
        elif resource is SERVICES:
            group.service = None
        elif resource is INGRESSES:
            group.ingress = None
        elif name == names.files_name(key):
            group.index, group.index_fault = None, ""
        else:
            group.shards.pop(name, None)


def _put_files(group: Group, metadata: Object) -> None:
    if metadata["labels"][names.PART_LABEL] == names.SHARD:
        group.shards[metadata["name"]] = epoch_ms(metadata["creationTimestamp"])
        return
    try:
        group.index, group.index_fault = Index.of(metadata), ""
    except FilesCorrupt as error:
        group.index, group.index_fault = None, str(error)


def _key(resource: Resource, metadata: Object) -> str | None:
    if resource in (SESSIONS, RUNTIMES):
        return str(metadata["name"])
    return (metadata.get("labels") or {}).get(names.SESSION_LABEL)


def _trimmed(found: Object) -> Object:
    metadata = found["metadata"]
    kept = {name: metadata[name] for name in ("name", "labels", "annotations", "ownerReferences") if name in metadata}
    return {**{name: found[name] for name in ("apiVersion", "kind", "spec") if name in found}, "metadata": kept}


def _read(parse: Callable[[Object], Any], found: Object) -> Any:
    try:
        return parse(found)
    except ValidationError as error:
        places = sorted({".".join(map(str, entry["loc"])) for entry in error.errors()})
        metadata = found["metadata"]
        return Invalid(metadata["uid"], metadata.get("generation", 0), f"cannot be read: {', '.join(places)[:800]}")
