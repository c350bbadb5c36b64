"""The pod of a session: G36, and nothing of a caller in it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operator.world import (
    ID,
    OWNER,
    SECRET,
    SETTINGS,
    UID,
    environment,
    pod_revision,
    runtime,
    session,
    settings,
)

from preview_core.address import PublicAddress
from preview_core.naming import new_session_id
from preview_core.objects import names
from preview_core.objects.capability import control_token
from preview_operator.pods import make_pod
from preview_operator.seen import PodSeen

LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def made(number: int = 1, secret: bytes = SECRET, **spec: Any) -> dict[str, Any]:
    return make_pod(session(), runtime(**spec), number, SETTINGS, secret)


def container(**spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = made(**spec)["spec"]["containers"][0]
    return found


def test_the_pod_takes_its_packages_from_its_runtimes_dependency_profile() -> None:
    assert environment(made())["KP_CATALOGUE_DIR"] == "/catalogue/icpstudio"
    assert environment(made(dependencies={"profile": "games"}))["KP_CATALOGUE_DIR"] == "/catalogue/games"


def test_g25_a_pod_installs_packages_only_from_the_registry_that_its_runtime_names() -> None:
    assert not {"KP_REGISTRY", "KP_STORE_DIR", "KP_NPM_CONFIG"} & environment(made()).keys()
    told = environment(made(dependencies={"registry": "https://packages.example/npm/"}))
    assert told["KP_REGISTRY"] == "https://packages.example/npm/"
    assert told["KP_STORE_DIR"].startswith(told["KP_SESSION_DIR"] + "/")


def test_g36_the_pod_runs_as_nobody_under_the_runtimes_own_seccomp_profile() -> None:
    assert made()["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_g36_the_container_has_no_capability_no_way_up_and_a_read_only_root() -> None:
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_g36_there_is_no_service_account_token_and_no_address_of_a_service() -> None:
    spec = made()["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert "serviceAccountName" not in spec


@pytest.mark.parametrize(
    "name", ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "initContainers", "nodeName", "hostAliases"]
)
def test_g36_nothing_of_the_node_is_shared(name: str) -> None:
    assert name not in made()["spec"]


@pytest.mark.parametrize("name", ["privileged", "procMount", "runAsUser"])
def test_g36_the_container_does_not_take_back_what_the_pod_says(name: str) -> None:
    assert name not in container()["securityContext"]


def test_g36_only_sized_empty_folders_can_be_written() -> None:
    volumes = made(limits={"workspaceMebibytes": 64})["spec"]["volumes"]
    assert volumes == [
        {"name": "session", "emptyDir": {"sizeLimit": "64Mi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
    ]
    mounts = container()["volumeMounts"]
    assert {mount["name"]: mount["mountPath"] for mount in mounts} == {"session": "/session", "tmp": "/tmp"}


def test_g36_there_is_one_container_and_no_command_of_anybody() -> None:
    spec = made()["spec"]
    assert len(spec["containers"]) == 1
    assert not {"command", "args", "envFrom", "lifecycle"} & spec["containers"][0].keys()


def test_g36_no_variable_comes_from_a_secret_or_a_config_map() -> None:
    others = [entry for entry in container()["env"] if entry.keys() != {"name", "value"}]
    label = {"fieldRef": {"fieldPath": "metadata.labels['preview.coinnation.io/session']"}}
    assert others == [{"name": "KP_SESSION", "valueFrom": label}]


def test_limits_and_requests_are_the_runtimes() -> None:
    resources = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}}
    assert container(resources=resources)["resources"] == resources


def test_g19_without_a_word_of_the_platform_team_there_are_limits_all_the_same() -> None:
    assert container()["resources"]["limits"] == {"cpu": "2", "memory": "768Mi"}


def test_the_runtime_class_is_the_runtimes() -> None:
    assert made(runtimeClassName="gvisor")["spec"]["runtimeClassName"] == "gvisor"
    assert "runtimeClassName" not in made()["spec"]


@pytest.mark.parametrize("policy", ["Always", "IfNotPresent", "Never"])
def test_image_and_pull_policy_are_the_runtimes(policy: str) -> None:
    found = container(image="registry.example.org/a@sha256:0", imagePullPolicy=policy)
    assert (found["image"], found["imagePullPolicy"]) == ("registry.example.org/a@sha256:0", policy)


def test_it_ends_within_seconds_and_leaves_a_node_that_is_gone() -> None:
    spec = made()["spec"]
    assert spec["terminationGracePeriodSeconds"] == 3
    assert spec["restartPolicy"] == "Always"
    assert {found["key"] for found in spec["tolerations"]} == {
        "node.kubernetes.io/unreachable",
        "node.kubernetes.io/not-ready",
    }
    assert all(found["effect"] == "NoExecute" and found["tolerationSeconds"] <= 10 for found in spec["tolerations"])


@pytest.mark.parametrize("probe", ["readinessProbe", "livenessProbe", "startupProbe"])
def test_probes_ask_the_control_port_which_no_session_code_answers(probe: str) -> None:
    assert container()[probe]["httpGet"] == {"path": "/healthz", "port": "control"}


def test_g19_kubelet_does_not_take_a_process_that_a_full_node_lets_wait_for_one_that_hangs() -> None:
    liveness = container()["livenessProbe"]
    # Twice what an operator waits before another pod takes over; what really hangs ends itself after 4 s.
    assert liveness["periodSeconds"] * liveness["failureThreshold"] == 16


def test_g20_ports_are_fixed_and_none_is_the_nodes() -> None:
    assert container()["ports"] == [
        {"name": "preview", "containerPort": 8080, "protocol": "TCP"},
        {"name": "control", "containerPort": 9001, "protocol": "TCP"},
    ]
    assert "hostPort" not in json.dumps(made())


def test_g08_it_listens_on_all_addresses() -> None:
    found = environment(made())
    assert (found["KP_PREVIEW_HOST"], found["KP_CONTROL_HOST"]) == ("*", "*")
    assert (found["KP_PREVIEW_PORT"], found["KP_CONTROL_PORT"]) == ("8080", "9001")


def test_it_knows_its_public_address_and_who_may_frame_it() -> None:
    found = environment(made())
    assert found["KP_PUBLIC_URL"] == f"https://preview-{ID}.preview.example.org/"
    assert found["KP_ALLOWED_ORIGINS"] == "https://kontext.build,http://localhost:5173"


def test_g30_a_container_of_a_pod_that_was_handed_over_has_the_address_of_its_session_when_it_starts_again() -> None:
    pod = made()
    other = "b" * 25 + "a"
    pod["metadata"]["labels"][names.SESSION_LABEL] = other
    assert environment(pod)["KP_PUBLIC_URL"] == f"https://preview-{other}.preview.example.org/"
    assert environment(pod)["KP_CONTROL_TOKEN"] == environment(made())["KP_CONTROL_TOKEN"]


def test_without_allowed_origins_nobody_may_frame_it() -> None:
    pod = make_pod(session(), runtime(), 1, settings(allowed_origins=()), SECRET)
    assert environment(pod)["KP_ALLOWED_ORIGINS"] == ""


def test_nothing_of_the_caller_stands_in_it() -> None:
    key, owner = "f" * 64, "https://owner.example <script> 203.0.113.7"
    pod = make_pod(session(owner=owner, idempotencyKey=key), runtime(), 1, SETTINGS, SECRET)
    text = json.dumps(pod)
    assert owner not in text
    assert "203.0.113.7" not in text
    assert key not in text


def test_two_owners_get_the_same_pod() -> None:
    one = make_pod(session(owner=OWNER), runtime(), 1, SETTINGS, SECRET)
    assert one == make_pod(session(owner="somebody else"), runtime(), 1, SETTINGS, SECRET)


def test_the_secret_itself_stands_in_no_pod() -> None:
    secret = b"0123456789abcdef0123456789abcdef"
    text = json.dumps(make_pod(session(), runtime(), 1, SETTINGS, secret))
    assert secret.decode() not in text
    assert secret.hex() not in text


def test_every_pod_has_a_token_of_its_own() -> None:
    tokens = {environment(made(number))["KP_CONTROL_TOKEN"] for number in range(1, 50)}
    assert len(tokens) == 49


def test_the_token_is_the_one_that_api_and_operator_derive() -> None:
    assert environment(made(7))["KP_CONTROL_TOKEN"] == control_token(SECRET, names.pod_name(ID, 7))


def test_another_secret_gives_other_tokens() -> None:
    other = make_pod(session(), runtime(), 1, SETTINGS, b"t" * 32)
    assert environment(other)["KP_CONTROL_TOKEN"] != environment(made())["KP_CONTROL_TOKEN"]


def test_it_goes_with_its_session() -> None:
    assert made()["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "preview.coinnation.io/v1alpha1",
            "kind": "PreviewSession",
            "name": ID,
            "uid": UID,
            "controller": True,
            "blockOwnerDeletion": False,
        }
    ]
    assert "finalizers" not in made()["metadata"]


@given(st.binary(min_size=16, max_size=16), st.integers(1, 10**6))
def test_names_and_labels_are_valid_for_every_id(random: bytes, number: int) -> None:
    found = session(metadata={"name": new_session_id(lambda _: random)})
    metadata = make_pod(found, runtime(), number, SETTINGS, SECRET)["metadata"]
    assert DNS_LABEL.fullmatch(metadata["name"])
    assert all(LABEL_VALUE.fullmatch(value) for value in metadata["labels"].values())


def test_its_labels_are_what_services_and_policies_select() -> None:
    labels = made(2)["metadata"]["labels"]
    assert labels == {
        "app.kubernetes.io/managed-by": "kontext-preview",
        "preview.coinnation.io/session": ID,
        "preview.coinnation.io/part": "pod",
        "preview.coinnation.io/pod": names.pod_name(ID, 2),
        "preview.coinnation.io/runtime": "default",
        "preview.coinnation.io/runtime-revision": pod_revision(),
    }


def test_the_watch_reads_back_what_was_made() -> None:
    pod = made(2)
    metadata = {**pod["metadata"], "uid": "u", "creationTimestamp": "2026-11-24T10:00:00Z"}
    found = PodSeen.of({**pod, "metadata": metadata})
    assert found is not None
    assert (found.name, found.session_id, found.runtime_revision) == (
        names.pod_name(ID, 2),
        ID,
        pod_revision(),
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"image": "runtime:2"},
        {"imagePullPolicy": "Always"},
        {"runtimeClassName": "gvisor"},
        {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}},
        {"limits": {"workspaceMebibytes": 99}},
    ],
)
def test_what_changes_a_pod_changes_its_revision(changed: dict[str, Any]) -> None:
    before, after = made(), made(**changed)
    assert before["spec"] != after["spec"]
    label = names.RUNTIME_REVISION_LABEL
    assert before["metadata"]["labels"][label] != after["metadata"]["labels"][label]


def test_a_pod_that_was_told_of_other_settings_is_outdated() -> None:
    for changed in (
        settings(allowed_origins=("https://elsewhere.example.org",)),
        settings(address=PublicAddress("https", "other.example.org")),
    ):
        before, after = made(), make_pod(session(), runtime(), 1, changed, SECRET)
        assert environment(before) != environment(after)
        label = names.RUNTIME_REVISION_LABEL
        assert before["metadata"]["labels"][label] != after["metadata"]["labels"][label]


@pytest.mark.parametrize(
    "changed",
    [{"limits": {"pods": 3}}, {"warm": {"minimum": 4}}, {"expireAfterSeconds": 60}, {"egress": {"dns": True}}],
)
def test_what_changes_no_pod_keeps_its_revision(changed: dict[str, Any]) -> None:
    assert made() == made(**changed)
