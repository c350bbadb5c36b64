"""From what watches tell to keys of the queue."""

from __future__ import annotations

import pytest
from tests.unit.operator.rig import Rig
from tests.unit.operator.world import ID

from preview_core.kube.resource import CONFIG_MAPS, INGRESSES, PODS, RUNTIMES, SERVICES, SESSIONS, Resource
from preview_core.objects import names
from preview_operator.intake import FILES_DELAY_S, RUNTIME_DELAY_S

SESSION = ("session", ID)
RUNTIME = ("runtime", "default")


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.session()
    return rig


def route(rig: Rig, resource: Resource) -> dict[str, object]:
    return rig.kube.put(resource, names.route_name(ID), metadata={"labels": names.labels(ID, names.ROUTE)})


@pytest.mark.parametrize("kind", [None, "ADDED", "MODIFIED"])
def test_news_of_a_session_are_looked_at_now_and_counted_soon(rig: Rig, kind: str | None) -> None:
    rig.intake.event(SESSIONS, kind, rig.session(seen=False))
    assert rig.wished == [(SESSION, 0.0), (RUNTIME, RUNTIME_DELAY_S)]


def test_news_of_a_pod_are_news_of_its_session_and_of_its_runtime(rig: Rig) -> None:
    found = rig.kube.put(PODS, names.pod_name(ID, 1), metadata={"labels": names.labels(ID, names.POD)})
    rig.intake.event(PODS, "ADDED", found)
    assert rig.wished == [(SESSION, 0.0), (RUNTIME, RUNTIME_DELAY_S)]


@pytest.mark.parametrize("resource", [SERVICES, INGRESSES])
def test_news_of_a_route_are_news_of_its_session(rig: Rig, resource: Resource) -> None:
    rig.intake.event(resource, "MODIFIED", route(rig, resource))
    assert rig.wished == [(SESSION, 0.0)]


def test_news_of_files_wait_for_the_apis_push(rig: Rig) -> None:
    rig.intake.event(CONFIG_MAPS, "ADDED", rig.index(seen=False))
    assert rig.wished == [(SESSION, FILES_DELAY_S)]


def test_news_of_a_runtime_are_its_own(rig: Rig) -> None:
    found = rig.kube.put(RUNTIMES, "default", spec={"image": "runtime:1"})
    rig.intake.event(RUNTIMES, "ADDED", found)
    assert rig.wished == [(RUNTIME, 0.0)]


def test_old_news_are_no_news(rig: Rig) -> None:
    found = rig.session()
    rig.intake.event(SESSIONS, "MODIFIED", found)
    assert rig.wished == []


def test_the_end_of_a_session_is_looked_at(rig: Rig) -> None:
    rig.intake.event(SESSIONS, "DELETED", rig.session())
    assert rig.wished == [(SESSION, 0.0), (RUNTIME, RUNTIME_DELAY_S)]
    assert ID not in dict(rig.cache.valid_sessions())


def test_the_end_of_a_predecessor_of_the_same_name_is_no_news(rig: Rig) -> None:
    labels = {"labels": names.labels(ID, names.POD)}
    first = rig.kube.put(PODS, names.pod_name(ID, 1), metadata=labels)
    second = rig.kube.put(PODS, names.pod_name(ID, 1), metadata=labels)
    rig.intake.event(PODS, "ADDED", second)
    rig.wished.clear()
    rig.intake.event(PODS, "DELETED", first)
    assert rig.wished == []
    assert rig.cache.sessions[ID].pods


def test_things_of_others_are_no_news(rig: Rig) -> None:
    rig.intake.event(SERVICES, "ADDED", rig.kube.put(SERVICES, "canary"))
    assert rig.wished == []


def test_every_event_is_counted(rig: Rig) -> None:
    found = rig.session()
    for _ in range(3):
        rig.intake.event(SESSIONS, "MODIFIED", found)
    assert rig.metrics.events.labels(SESSIONS.plural)._value.get() == 3
