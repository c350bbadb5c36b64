"""The picture that decisions are made on, whatever the order in which news arrive."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operator.world import ID, OWNER, T0

from preview_core.kube.resource import CONFIG_MAPS, INGRESSES, PODS, RUNTIMES, SERVICES, SESSIONS, Resource
from preview_core.objects import files, names
from preview_core.resources.session import PreviewSession
from preview_core.resources.timestamp import rfc3339
from preview_operator.cache import Cache, Invalid

Object = dict[str, Any]
OTHER = "b" * 25 + "a"


def thing(resource: Resource, name: str, version: int, *, labels: Object | None = None, **given: Any) -> Object:
    metadata = {
        "name": name,
        "uid": f"uid-{name}",
        "resourceVersion": str(version),
        "generation": version,
        "creationTimestamp": rfc3339(T0),
        "labels": labels or {},
        **given.pop("metadata", {}),
    }
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, **given}


def session(version: int = 1, name: str = ID, **spec: Any) -> Object:
    return thing(SESSIONS, name, version, spec={"runtimeRef": {"name": "default"}, "owner": OWNER, **spec})


def runtime(version: int = 1, image: str = "runtime:1") -> Object:
    return thing(RUNTIMES, "default", version, spec={"image": image})


def pod(version: int = 1, number: int = 1, uid: str = "u") -> Object:
    labels = {**names.labels(ID, names.POD), names.RUNTIME_LABEL: "default"}
    found = thing(PODS, names.pod_name(ID, number), version, labels=labels)
    return {**found, "metadata": {**found["metadata"], "uid": uid}}


def route(resource: Resource, version: int = 1, **spec: Any) -> Object:
    return thing(resource, names.route_name(ID), version, labels=names.labels(ID, names.ROUTE), spec=spec)


def index(version: int = 1, revision: int = 1, annotations: dict[str, str] | None = None) -> Object:
    given = {
        files.REVISION: str(revision),
        files.DIGEST: "0" * 64,
        files.BITS: "0",
        files.SHARDS: "",
        **(annotations or {}),
    }
    labels = names.labels(ID, names.FILES)
    return thing(CONFIG_MAPS, names.files_name(ID), version, labels=labels, metadata={"annotations": given})


def shard(key: str, version: int = 1) -> Object:
    return thing(CONFIG_MAPS, names.shard_name(ID, key), version, labels=names.labels(ID, names.SHARD))


ALL: list[tuple[Resource, Object]] = [
    (SESSIONS, session()),
    (PODS, pod()),
    (SERVICES, route(SERVICES)),
    (INGRESSES, route(INGRESSES)),
    (CONFIG_MAPS, index()),
    (CONFIG_MAPS, shard("1-0")),
]


def full() -> Cache:
    cache = Cache()
    for resource, found in ALL:
        assert cache.put(resource, found) == ID
    return cache


def test_everything_of_a_session_is_found_under_its_id() -> None:
    group = full().sessions[ID]
    assert isinstance(group.session, PreviewSession)
    assert list(group.pods) == [names.pod_name(ID, 1)]
    assert group.service is not None
    assert group.ingress is not None
    assert group.index is not None
    assert group.shards == {names.shard_name(ID, "1-0"): T0}


@given(st.permutations([1, 2, 3, 4, 5]))
def test_newer_beats_older_whatever_the_order(versions: list[int]) -> None:
    cache = Cache()
    for version in versions:
        cache.put(SESSIONS, session(version, suspended=version == 5))
    found = cache.sessions[ID].session
    assert isinstance(found, PreviewSession)
    assert found.spec.suspended
    assert cache.known(SESSIONS) == {ID: 5}


def test_versions_are_numbers_not_texts() -> None:
    cache = Cache()
    cache.put(SESSIONS, session(99))
    assert cache.put(SESSIONS, session(100)) == ID


def test_the_same_again_is_no_news() -> None:
    cache = full()
    assert all(cache.put(resource, found) is None for resource, found in ALL)


@given(st.randoms(use_true_random=False))
def test_when_everything_is_gone_nothing_is_left(random: Random) -> None:
    cache = full()
    for resource, found in random.sample(ALL, len(ALL)):
        assert cache.drop(resource, found["metadata"]) == ID
    assert cache.sessions == {}
    assert (cache._versions, cache._sessions_of) == ({}, {})


@pytest.mark.parametrize("which", range(len(ALL)))
def test_what_is_gone_is_gone_and_nothing_else(which: int) -> None:
    cache = full()
    before = len(cache._versions)
    cache.drop(ALL[which][0], ALL[which][1]["metadata"])
    assert len(cache._versions) == before - 1
    assert ID in cache.sessions


def test_a_list_that_lacks_something_can_drop_it_by_name() -> None:
    cache = full()
    for resource, found in ALL:
        assert cache.drop(resource, cache.metadata(resource, found["metadata"]["name"])) == ID
    assert cache.sessions == {}


def test_something_unknown_can_be_dropped() -> None:
    cache = Cache()
    assert cache.drop(SESSIONS, {"name": ID}) == ID
    assert cache.drop(PODS, cache.metadata(PODS, "x")) is None
    assert cache.sessions == {}


def test_a_successor_of_the_same_name_survives_late_news_of_the_ends_of_the_first() -> None:
    cache = Cache()
    cache.put(PODS, pod(5, uid="first"))
    cache.put(PODS, pod(9, uid="second"))
    assert cache.drop(PODS, pod(7, uid="first")["metadata"]) is None
    assert cache.sessions[ID].pods[names.pod_name(ID, 1)].uid == "second"


def test_a_deletion_is_as_new_as_what_it_deletes() -> None:
    for version in (5, 6):
        cache = Cache()
        cache.put(PODS, pod(5))
        assert cache.drop(PODS, pod(version)["metadata"]) == ID


def test_an_answer_that_comes_after_the_news_of_the_end_brings_nothing_back() -> None:
    cache = Cache()
    cache.put(SESSIONS, session(1))
    cache.drop(SESSIONS, session(3)["metadata"])
    assert cache.refresh(SESSIONS, session(2)) is None
    assert cache.sessions == {}


def test_an_answer_about_something_known_is_taken_in() -> None:
    cache = Cache()
    cache.put(SESSIONS, session(1))
    assert cache.refresh(SESSIONS, session(2, suspended=True)) == ID
    assert cache.refresh(SESSIONS, session(1)) is None
    assert cache.known(SESSIONS) == {ID: 2}


def test_objects_of_others_are_not_taken_in() -> None:
    cache = Cache()
    assert cache.put(PODS, thing(PODS, "waker", 1, labels={names.MANAGED_BY: names.MANAGER})) is None
    assert cache.put(SERVICES, thing(SERVICES, "canary", 1)) is None
    assert cache._versions == {}
    assert cache.sessions == {}


@pytest.mark.parametrize(
    "spec",
    [
        {"owner": ""},
        {"owner": "x" * 600},
        {"runtimeRef": {"name": "No Label"}},
        {"runtimeRef": None},
        {"expiresAt": "soon"},
    ],
    ids=["empty owner", "long owner", "bad runtime", "no runtime", "bad time"],
)
def test_a_session_past_the_schema_is_invalid_and_says_where(spec: Object) -> None:
    cache = Cache()
    assert cache.put(SESSIONS, session(4, **spec)) == ID
    found = cache.sessions[ID].session
    assert isinstance(found, Invalid)
    assert (found.uid, found.generation) == (f"uid-{ID}", 4)
    assert next(iter(spec)) in found.message
    assert list(cache.valid_sessions()) == []
    assert cache.runtime_of(SESSIONS, ID) is None


def test_what_is_wrong_is_told_without_the_values() -> None:
    cache = Cache()
    cache.put(SESSIONS, session(4, owner="secret" * 100))
    found = cache.sessions[ID].session
    assert isinstance(found, Invalid)
    assert "secret" not in found.message
    assert len(found.message) < 1024


def test_a_session_that_is_mended_is_valid() -> None:
    cache = Cache()
    cache.put(SESSIONS, session(1, owner=""))
    cache.put(SESSIONS, session(2))
    assert [key for key, _ in cache.valid_sessions()] == [ID]


def test_fields_of_a_newer_schema_are_no_fault() -> None:
    cache = Cache()
    cache.put(SESSIONS, session(1, novelty={"a": 1}))
    assert [key for key, _ in cache.valid_sessions()] == [ID]


def test_a_runtime_past_the_schema_is_no_runtime() -> None:
    cache = Cache()
    assert cache.put(RUNTIMES, runtime(1, image="")) == "default"
    assert cache.runtime("default") is None
    assert isinstance(cache.runtimes["default"], Invalid)
    cache.put(RUNTIMES, runtime(2))
    assert cache.runtime("default") is not None
    cache.drop(RUNTIMES, runtime(3)["metadata"])
    assert cache.runtimes == {}


@pytest.mark.parametrize("broken", [{files.REVISION: "x"}, {files.BITS: ""}, {files.REVISION: ""}])
def test_an_index_that_cannot_be_read_is_a_fault_and_no_end(broken: dict[str, str]) -> None:
    cache = full()
    cache.put(CONFIG_MAPS, index(2, annotations=broken))
    group = cache.sessions[ID]
    assert group.index is None
    assert group.index_fault
    cache.put(CONFIG_MAPS, index(3, revision=2))
    assert group.index is not None
    assert (group.index.revision, group.index_fault) == (2, "")


def test_of_routes_only_what_is_compared_is_kept() -> None:
    cache = Cache()
    found = route(SERVICES, selector={"a": "b"})
    found["metadata"]["managedFields"] = ["many"]
    cache.put(SERVICES, {**found, "status": {"loadBalancer": {}}})
    kept = cache.sessions[ID].service
    assert kept is not None
    assert "managedFields" not in kept["metadata"]
    assert "status" not in kept
    assert kept["spec"] == {"selector": {"a": "b"}}


def test_pods_of_a_runtime_are_counted_over_its_sessions() -> None:
    cache = Cache()
    cache.put(SESSIONS, session())
    cache.put(SESSIONS, session(1, OTHER, runtimeRef={"name": "other"}))
    cache.put(PODS, pod(1, 1))
    cache.put(PODS, pod(2, 2))
    assert (cache.pods_of("default"), cache.pods_of("other"), cache.pods_of("third")) == (2, 0, 0)


@given(st.integers(0, 2**32))
def test_the_remembered_count_is_always_that_of_now(seed: int) -> None:
    """Sessions and pods come, change their runtime, and go, in any order."""
    random, cache = Random(seed), Cache()  # noqa: S311 - an example, no secret
    for version in range(1, 40):
        name = random.choice((ID, OTHER))
        labels = {**names.labels(name, names.POD), names.RUNTIME_LABEL: random.choice(("default", "other"))}
        of_pod = thing(PODS, names.pod_name(name, random.randrange(3)), version, labels=labels)
        of_session = session(version, name, runtimeRef={"name": random.choice(("default", "other", ""))})
        resource, found = random.choice(((PODS, of_pod), (SESSIONS, of_session)))
        if random.random() < 0.3:
            cache.drop(resource, found["metadata"])
        else:
            cache.put(resource, found)
        for runtime_name in ("default", "other"):
            assert cache.counted(runtime_name) == cache.pods_of(runtime_name)


def test_a_pod_that_only_changes_is_not_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache()
    cache.put(SESSIONS, session())
    cache.put(PODS, pod(1))
    assert cache.counted("default") == 1
    monkeypatch.setattr(cache, "pods_of", None)
    cache.put(PODS, pod(2))
    cache.put(SESSIONS, session(3))
    assert cache.counted("default") == 1


def test_a_pod_whose_session_is_gone_counts_until_it_is_gone_too() -> None:
    cache = Cache()
    cache.put(SESSIONS, session())
    cache.put(PODS, pod())
    cache.drop(SESSIONS, session()["metadata"])
    assert (cache.pods_of("default"), cache.runtime_of(PODS, names.pod_name(ID, 1))) == (1, "default")
    cache.drop(PODS, pod()["metadata"])
    assert cache.pods_of("default") == 0


def test_a_pod_that_was_handed_over_is_its_new_sessions_alone() -> None:
    cache = Cache()
    cache.put(PODS, pod(1))
    assert cache.counted("default") == 1
    labels = {**names.labels(OTHER, names.POD), names.RUNTIME_LABEL: "default"}
    assert cache.put(PODS, thing(PODS, names.pod_name(ID, 1), 2, labels=labels)) == OTHER
    assert list(cache.sessions) == [OTHER]
    assert list(cache.sessions[OTHER].pods) == [names.pod_name(ID, 1)]
    assert cache.counted("default") == 1
    # News of before, which comes late.
    assert cache.put(PODS, pod(1)) is None
    assert cache.drop(PODS, {"name": names.pod_name(ID, 1), "labels": labels, "resourceVersion": "3"}) == OTHER
    assert not cache.sessions


def test_it_knows_which_sessions_nobody_owns() -> None:
    cache = Cache()
    cache.put(SESSIONS, session(1, owner=None))
    cache.put(SESSIONS, session(1, name=OTHER))
    assert cache.unowned == {ID}
    cache.put(SESSIONS, session(2))
    assert cache.unowned == set()
    cache.put(SESSIONS, session(2, name=OTHER, owner=None))
    cache.drop(SESSIONS, {"name": OTHER, "resourceVersion": "3"})
    assert cache.unowned == set()
