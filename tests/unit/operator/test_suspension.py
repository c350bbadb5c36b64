"""A suspension as it is written, and what is counted of it (G30)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.operator.rig import Rig
from tests.unit.operator.world import ID, T0, pod, pod_revision, report

from preview_core.kube.errors import Conflict, Unavailable
from preview_core.kube.resource import PODS, SERVICES, SESSIONS
from preview_core.objects import names
from preview_core.resources.timestamp import rfc3339
from preview_core.wire import Clients

AFTER_MS = 900_000


@pytest.fixture
def rig() -> Rig:
    """With a session that has a pod, which answers."""
    rig = Rig()
    rig.runtime()
    rig.session()
    rig.index()
    run(rig, pod().name, {**names.labels(ID, names.POD), names.RUNTIME_REVISION_LABEL: pod_revision()})
    return rig


def run(rig: Rig, name: str, labels: dict[str, str], **said: Any) -> None:
    """As a kubelet starts a pod, and its runtime answers."""
    status = {"podIP": "10.0.0.1", "containerStatuses": [{"state": {"running": {}}}]}
    rig.cache.put(PODS, rig.kube.put(PODS, name, metadata={"labels": labels}, status=status))
    rig.probe.answers[name] = report(digest="0" * 64, **said)


def spec(rig: Rig) -> dict[str, Any]:
    found: dict[str, Any] = rig.kube.objects[SESSIONS.plural, ID]["spec"]
    return found


async def looked(rig: Rig, passes: int = 6) -> None:
    for _ in range(passes):
        await rig.look()
        if (PODS.plural, pod().name) not in rig.kube.objects:
            rig.cache.drop(PODS, {"name": pod().name, "labels": names.labels(ID, names.POD)})
            rig.probe.answers.clear()


def counted(rig: Rig, name: str, **labels: str) -> float:
    return rig.metrics.registry.get_sample_value(f"kontext_preview_operator_{name}", labels) or 0.0


async def test_the_route_moves_before_the_pod_goes(rig: Rig) -> None:
    await looked(rig)
    rig.now += AFTER_MS
    rig.kube.calls.clear()
    await looked(rig)
    assert spec(rig)["suspended"]
    written = [(method, plural) for method, plural, _ in rig.kube.calls]
    moved, gone = written.index(("apply", SERVICES.plural)), written.index(("delete", PODS.plural))
    assert written.index(("patch", SESSIONS.plural)) < moved < gone
    selector = rig.kube.objects[SERVICES.plural, names.route_name(ID)]["spec"]["selector"]
    assert selector == {names.PART_LABEL: names.WAKER}


async def test_a_call_between_the_decision_and_its_writing_wins(rig: Rig) -> None:
    await looked(rig)
    rig.now += AFTER_MS
    # Written, and not yet told by the watch.
    called = rig.session(seen=False, lastCallAt=rfc3339(rig.now))
    await rig.look()
    assert not spec(rig).get("suspended")
    rig.cache.put(SESSIONS, called)
    await looked(rig)
    assert not spec(rig).get("suspended")
    assert (PODS.plural, pod().name) in rig.kube.objects
    assert counted(rig, "suspensions_total", cause="idle") == 0


@pytest.mark.parametrize("fault", [Conflict("PATCH of the API server: 409"), Unavailable("PATCH: 503")])
async def test_a_write_that_fails_is_made_by_a_later_pass(rig: Rig, fault: Conflict | Unavailable) -> None:
    await looked(rig)
    rig.now += AFTER_MS
    rig.kube.faults["patch"].append(fault)
    if isinstance(fault, Unavailable):
        with pytest.raises(Unavailable):
            await rig.look()
    await looked(rig)
    assert spec(rig)["suspended"]
    assert counted(rig, "suspensions_total", cause="idle") == 1


async def test_a_page_that_is_looked_at_keeps_its_pod_for_days(rig: Rig) -> None:
    watched = Clients(hmr=1, watching=1, observers=0)
    rig.probe.answers[pod().name] = report(digest="0" * 64, clients=watched)
    for _ in range(100):
        rig.now += AFTER_MS
        await rig.look()
    assert not spec(rig).get("suspended")


async def test_a_return_is_counted_and_timed_from_what_woke_it(rig: Rig) -> None:
    await looked(rig)
    assert counted(rig, "time_to_ready_seconds_count") == 1
    rig.now += AFTER_MS
    await looked(rig)
    rig.session(lastCallAt=rfc3339(rig.now), status=rig.kube.objects[SESSIONS.plural, ID]["status"])
    rig.now += 500
    await rig.look()
    assert counted(rig, "resumptions_total") == 1
    [fresh] = rig.cache.sessions[ID].pods
    run(rig, fresh, rig.kube.objects[PODS.plural, fresh]["metadata"]["labels"])
    rig.now += 1_500
    await looked(rig)
    assert (counted(rig, "resumptions_total"), counted(rig, "time_to_resume_seconds_sum", start="cold")) == (1, 2.0)
    assert counted(rig, "time_to_ready_seconds_count") == 1, "a return is no birth"


async def test_a_return_by_hand_is_timed_from_when_it_was_seen(rig: Rig) -> None:
    note = rig.memories.of(ID)
    rig.session(lastCallAt=rfc3339(T0 - AFTER_MS), status={"phase": "Suspended"})
    await rig.look()
    assert note.resumed_at == rig.now
