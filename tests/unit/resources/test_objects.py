"""Objects as people and programs write them: schema and models accept and refuse the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker
from jsonschema.validators import extend
from pydantic import ValidationError

from preview_core.naming import new_session_id
from preview_core.resources import crd
from preview_core.resources.runtime import PreviewRuntime, RuntimeSpec, RuntimeStatus
from preview_core.resources.session import LastError, PreviewSession, SessionStatus
from preview_core.wire import Diagnostic

Object = dict[str, Any]
Model = type[PreviewSession] | type[PreviewRuntime]

ID = "abcdefghijklmnopqrstuvwxya"
AT = "2026-11-23T20:00:00.123Z"
AT_MS = 1_795_464_000_123
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time")
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or value.endswith("Z")


def _type(validator: Any, types: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if instance is not None or not schema.get("nullable"):
        yield from Draft4Validator.VALIDATORS["type"](validator, types, instance, schema)


# OpenAPI v3 is a dialect of the fourth draft, with null types of its own.
OpenApiValidator = extend(Draft4Validator, {"type": _type})  # type: ignore[no-untyped-call]
SCHEMAS = {
    definition.names.kind: OpenApiValidator(
        crd.manifest(definition)["spec"]["versions"][0]["schema"]["openAPIV3Schema"], format_checker=FORMATS
    )
    for definition in crd.DEFINITIONS
}


def session(status: Object | None = None, **spec: Any) -> Object:
    return _object("PreviewSession", ID, {"runtimeRef": {"name": "default"}, **spec}, status)


def runtime(status: Object | None = None, **spec: Any) -> Object:
    return _object("PreviewRuntime", "default", {"image": "runtime:1", **spec}, status)


def _object(kind: str, name: str, spec: Object, status: Object | None) -> Object:
    whole = {
        "apiVersion": "preview.coinnation.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "previews", "uid": "u", "resourceVersion": "1", "managedFields": []},
        "spec": spec,
    }
    return whole if status is None else {**whole, "status": status}


CONDITION: Object = {"type": "Ready", "status": "True", "reason": "Ready", "message": "Ready", "lastTransitionTime": AT}
CLAIMED: Object = {
    "owner": "https://kontext.build 203.0.113.7",
    "idempotencyKey": "0" * 64,
    "claimedAt": AT,
    "lastCallAt": AT,
    "expiresAt": AT,
}
OBSERVED: Object = {
    "phase": "Ready",
    "conditions": [CONDITION],
    "observedGeneration": 3,
    "revision": 2,
    "servedRevision": 2,
    "digest": "a" * 64,
    "runtimeRevision": "0123456789abcdef",
    "podName": "preview-x",
    "podIPs": ["10.0.0.7", "2001:db8:0000:0000:0000:0000:192.168.100.200"],
    "url": f"https://preview-{ID}.example.org/",
    "lastActivityAt": AT,
    "expiresAt": AT,
    "lastError": {"message": "Unexpected token", "path": "src/App.tsx", "line": 3, "column": 1, "revision": 2},
}

VALID: dict[str, Object] = {
    "a warm session": session(),
    "a claimed session": session(**CLAIMED),
    "a suspended session": session(**CLAIMED, suspended=True),
    "a tombstone": session(**CLAIMED, ended={"at": AT, "reason": "Expired"}),
    "a session with all of a status": session(OBSERVED, **CLAIMED),
    "a session with a wiped status": session({}, **CLAIMED),
    "a session whose error was dropped": session({"lastError": None}, **CLAIMED),
    "the longest owner": session(owner="o" * 512),
    "the smallest runtime": runtime(),
    "a runtime with everything": runtime(
        imagePullPolicy="Never",
        runtimeClassName="gvisor",
        resources={"requests": {"cpu": "0.25", "memory": "200M"}, "limits": {"cpu": "1500m", "memory": "1Gi"}},
        dependencies={"profile": "icpstudio", "registry": "https://npm.example.org/"},
        limits={"pods": 5, "projectBytes": 1024, "projectFiles": 1, "workspaceMebibytes": 64},
        warm={"minimum": 2, "maximum": 4},
        suspendAfterSeconds=0,
        expireAfterSeconds=10,
        egress={"allow": [{"cidr": "203.0.113.0/24", "ports": [443]}, {"cidr": "2001:db8::/32"}], "dns": True},
    ),
    "a runtime with a status": runtime(
        {"conditions": [CONDITION], "desired": 2, "warm": 2, "ready": 1, "misses": 9, "selector": "a=b,!c"}
    ),
}

INVALID: dict[str, Object] = {
    "no runtime": _object("PreviewSession", ID, {}, None),
    "runtime as text": session(runtimeRef="default"),
    "runtime in capitals": session(runtimeRef={"name": "Default"}),
    "runtime of 64 characters": session(runtimeRef={"name": "a" * 64}),
    "empty owner": session(owner=""),
    "owner with a line break": session(owner="a\nb"),
    "owner that is too long": session(owner="o" * 513),
    "owner as a list": session(owner=["a"]),
    "key that is no hash": session(idempotencyKey="mine"),
    "expiry as a number": session({"expiresAt": 12.5}),
    "suspended as a list": session(suspended=["yes"]),
    "ended without a reason": session(ended={"at": AT}),
    "ended for another reason": session(ended={"at": AT, "reason": "Bored"}),
    "unknown phase": session({"phase": "Happy"}),
    "negative revision": session({"revision": -1}),
    "revision beyond what JSON keeps exact": session({"revision": 2**60}),
    "digest in capitals": session({"digest": "A" * 64}),
    "five addresses": session({"podIPs": ["10.0.0.1"] * 5}),
    "seventeen conditions": session({"conditions": [{**CONDITION, "type": f"T{n}"} for n in range(17)]}),
    "condition without a reason": session({"conditions": [{**CONDITION, "reason": ""}]}),
    "condition with an empty message": session({"conditions": [{**CONDITION, "message": ""}]}),
    "condition that is maybe": session({"conditions": [{**CONDITION, "status": "Maybe"}]}),
    "error as long as a novel": session({"lastError": {"message": "x" * 2049}}),
    "no image": _object("PreviewRuntime", "default", {}, None),
    "image with a blank": runtime(image="a b"),
    "unknown pull policy": runtime(imagePullPolicy="Sometimes"),
    "memory without a number": runtime(resources={"limits": {"memory": "lots"}}),
    "negative warm minimum": runtime(warm={"minimum": -1}),
    "warm minimum as a list": runtime(warm={"minimum": [1]}),
    "port 0": runtime(egress={"allow": [{"cidr": "10.0.0.0/8", "ports": [0]}]}),
    "destination by name": runtime(egress={"allow": [{"cidr": "example.org"}]}),
    "project of 65 MiB": runtime(limits={"projectBytes": 65 * 1024 * 1024}),
    "registry over ftp": runtime(dependencies={"registry": "ftp://example.org"}),
    "expiry after no time": runtime(expireAfterSeconds=0),
    "suspension after a year": runtime(suspendAfterSeconds=365 * 24 * 3600),
}


@pytest.mark.parametrize("value", VALID.values(), ids=VALID)
def test_a_valid_object_is_accepted_by_schema_and_model(value: Object) -> None:
    SCHEMAS[value["kind"]].validate(value)
    _model(value).model_validate(value)


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID)
def test_an_invalid_object_is_refused_by_schema_and_model(value: Object) -> None:
    assert not SCHEMAS[value["kind"]].is_valid(value)
    with pytest.raises(ValidationError):
        _model(value).model_validate(value)


@pytest.mark.parametrize("value", VALID.values(), ids=VALID)
def test_what_a_model_sends_is_valid_and_means_the_same(value: Object) -> None:
    read = _model(value).model_validate(value)
    sent = {**value, "spec": read.spec.manifest(), "status": read.status.manifest()}
    SCHEMAS[value["kind"]].validate(sent)
    assert _model(value).model_validate(sent) == read


@pytest.mark.parametrize("name", ["x", "ABCDEFGHIJKLMNOPQRSTUVWXYA", ID + "a", ID[:-1] + "b", "my-session"])
def test_the_schema_refuses_a_session_whose_name_is_no_id(name: str) -> None:
    assert not SCHEMAS["PreviewSession"].is_valid({**session(), "metadata": {"name": name}})


def test_the_schema_accepts_every_id_that_is_minted() -> None:
    for _ in range(200):
        SCHEMAS["PreviewSession"].validate({**session(), "metadata": {"name": new_session_id()}})


@pytest.mark.parametrize(
    "diagnostic",
    [
        Diagnostic(message=""),
        Diagnostic(message="x" * 10_000, path="p" * 2_000, line=-1, column=2**40),
        Diagnostic(message="Unexpected token", path="", line=3, column=0),
    ],
    ids=["empty", "far too large", "usual"],
)
def test_whatever_a_runtime_reports_fits_into_a_status(diagnostic: Diagnostic) -> None:
    status = SessionStatus(last_error=LastError.of(diagnostic, revision=7)).manifest()
    SCHEMAS["PreviewSession"].validate(session(status))
    assert status["lastError"]["revision"] == 7


def test_a_field_of_a_newer_schema_is_no_error() -> None:
    assert PreviewSession.model_validate(session(tomorrow=1)) == PreviewSession.model_validate(session())


def test_times_are_milliseconds_inside_and_text_outside() -> None:
    read = PreviewSession.model_validate(session(**CLAIMED))
    assert read.spec.expires_at == AT_MS
    assert read.spec.manifest()["expiresAt"] == AT
    assert SessionStatus(expires_at=AT_MS - 123).manifest()["expiresAt"] == "2026-11-23T20:00:00Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="zone"):
        PreviewSession.model_validate(session(expiresAt="2026-11-23T20:00:00"))


def test_what_is_unset_is_left_out_and_addresses_are_spelled_as_kubernetes_does() -> None:
    assert SessionStatus(pod_ips=("10.0.0.1",)).manifest() == {"conditions": [], "podIPs": ["10.0.0.1"]}


def test_a_runtime_that_says_little_gets_the_defaults_of_the_schema() -> None:
    properties = crd.manifest(crd.DEFINITIONS[1])["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    defaults = {name: node["default"] for name, node in properties["spec"]["properties"].items() if "default" in node}
    assert RuntimeSpec(image="runtime:1").manifest() == {"image": "runtime:1", **defaults}
    assert RuntimeStatus().manifest()["warm"] == 0


def _model(value: Object) -> Model:
    return PreviewSession if value["kind"] == "PreviewSession" else PreviewRuntime
