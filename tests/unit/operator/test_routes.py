from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.unit.operator.world import ID, SETTINGS, UID, pod, session, settings

from preview_core.objects import names
from preview_operator.routes import make_ingress, make_service, target_of
from preview_operator.seen import covers

HOST = f"preview-{ID}.preview.example.org"


def test_a_service_leads_to_exactly_one_pod_by_its_name() -> None:
    assert make_service(session(), "preview-x-2")["spec"]["selector"] == {"preview.coinnation.io/pod": "preview-x-2"}


def test_without_a_pod_it_leads_to_the_waker() -> None:
    assert make_service(session(), None)["spec"]["selector"] == {"preview.coinnation.io/part": "waker"}


def test_a_pod_is_led_to_before_kubelet_has_probed_it_and_a_waker_only_when_it_is_ready() -> None:
    assert make_service(session(), "preview-x-2")["spec"]["publishNotReadyAddresses"] is True
    assert not make_service(session(), None)["spec"].get("publishNotReadyAddresses")


def test_nothing_is_said_that_the_api_server_would_leave_out() -> None:
    """It omits what is false or empty, and a difference is written again: at every pass, for ever."""
    for made in (make_service(session(), None), make_service(session(), pod().name), make_ingress(session(), SETTINGS)):
        assert not list(_omitted(made["spec"]))


def _omitted(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for one in inner:
        if one is False or one is None or one in ("", {}, []):
            yield one
        yield from _omitted(one)


def test_g20_the_service_is_headless_and_allocates_nothing() -> None:
    spec = make_service(session(), None)["spec"]
    assert spec["clusterIP"] == "None"
    assert "type" not in spec
    assert not any("nodePort" in port for port in spec["ports"])


def test_protocols_are_spelled_out_because_server_side_apply_on_old_servers_wants_it() -> None:
    assert all(port["protocol"] == "TCP" for port in make_service(session(), None)["spec"]["ports"])


def test_pod_and_waker_are_reached_at_the_same_named_port() -> None:
    ports = {target: make_service(session(), target)["spec"]["ports"] for target in (None, "preview-x-2")}
    assert ports[None] == ports["preview-x-2"]
    assert ports[None][0]["targetPort"] == "preview"


def test_target_of_is_the_inverse() -> None:
    assert target_of(make_service(session(), "preview-x-2")) == "preview-x-2"
    assert target_of(make_service(session(), None)) is None
    assert target_of({}) is None
    assert target_of({"spec": {"selector": None}}) is None


def test_what_the_api_server_adds_to_a_service_is_no_difference() -> None:
    made = make_service(session(), pod().name)
    added = {"clusterIPs": ["None"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "type": "ClusterIP"}
    assert covers({**made, "spec": {**made["spec"], **added}}, made)


def test_another_target_is_a_difference() -> None:
    assert not covers(make_service(session(), None), make_service(session(), pod().name))
    assert not covers(make_service(session(), pod().name), make_service(session(), pod(2).name))


def test_an_ingress_leads_the_whole_host_to_the_service() -> None:
    rules = make_ingress(session(), SETTINGS)["spec"]["rules"]
    backend = {"service": {"name": f"preview-{ID}", "port": {"name": "preview"}}}
    assert rules == [
        {"host": HOST, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}},
    ]


def test_class_certificate_and_annotations_are_those_of_the_settings() -> None:
    made = make_ingress(session(), SETTINGS)
    assert made["spec"]["ingressClassName"] == "traefik"
    assert made["spec"]["tls"] == [{"hosts": [HOST], "secretName": "wildcard"}]
    assert made["metadata"]["annotations"]["example.org/a"] == "b"


def test_what_the_settings_leave_out_is_left_out() -> None:
    made = make_ingress(session(), settings(ingress_class=None, tls_secret=None, ingress_annotations={}))
    assert made["spec"].keys() == {"rules"}
    assert made["metadata"]["annotations"].keys() == {names.ROUTE_DIGEST_ANNOTATION}


@pytest.mark.parametrize("taken_back", [{"tls_secret": None}, {"ingress_annotations": {}}, {"ingress_class": None}])
def test_an_ingress_of_settings_that_were_taken_back_is_not_as_it_should_be(taken_back: dict[str, Any]) -> None:
    was, wanted = make_ingress(session(), SETTINGS), make_ingress(session(), settings(**taken_back))
    assert not covers(was, wanted)
    assert covers(wanted, wanted)


def test_the_ingress_of_a_session_never_changes_with_its_pod() -> None:
    assert make_ingress(session(), SETTINGS) == make_ingress(session(suspended=True), SETTINGS)


def test_both_go_with_their_session_and_bear_its_labels() -> None:
    for made in (make_service(session(), None), make_ingress(session(), SETTINGS)):
        assert made["metadata"]["name"] == f"preview-{ID}"
        assert made["metadata"]["ownerReferences"][0]["uid"] == UID
        assert made["metadata"]["labels"] == {
            "app.kubernetes.io/managed-by": "kontext-preview",
            "preview.coinnation.io/session": ID,
            "preview.coinnation.io/part": "route",
        }


def test_nothing_of_the_owner_stands_in_a_route() -> None:
    one, two = session(owner="a"), session(owner="b")
    assert make_service(one, None) == make_service(two, None)
    assert make_ingress(one, SETTINGS) == make_ingress(two, SETTINGS)
