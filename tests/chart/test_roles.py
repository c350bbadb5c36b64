"""What each component may do: exactly this list, in exactly these namespaces."""

from __future__ import annotations

from helm import render
from tests.chart.conftest import of_kind

SESSIONS = f"{render.NAMESPACE}-sessions"
GROUP = "preview.coinnation.io"
APPLIER = {"get", "list", "watch", "create", "patch", "delete"}
SECRET = f"secrets/{render.NAME}"

# (component, namespace) -> resource (with its group; with the one name it is about) -> verbs
RIGHTS: dict[tuple[str, str], dict[str, set[str]]] = {
    ("api", SESSIONS): {
        f"previewsessions.{GROUP}": {"get", "list", "create", "patch", "update"},
        f"previewruntimes.{GROUP}": {"get"},
        "configmaps": {"get", "create", "update", "patch"},
    },
    ("api", render.NAMESPACE): {SECRET: {"get"}},
    ("operator", SESSIONS): {
        f"previewsessions.{GROUP}": {"get", "list", "watch", "create", "patch", "update", "delete"},
        f"previewsessions/status.{GROUP}": {"get", "patch", "update"},
        f"previewruntimes.{GROUP}": {"get", "list", "watch"},
        f"previewruntimes/status.{GROUP}": {"get", "patch", "update"},
        "pods": APPLIER,
        "services": APPLIER,
        "configmaps": {"get", "list", "watch", "delete"},
        "ingresses.networking.k8s.io": APPLIER,
        "networkpolicies.networking.k8s.io": {"create", "patch"},
        "events": {"create"},
    },
    ("operator", render.NAMESPACE): {SECRET: {"get"}, "secrets": {"create"}},
    ("waker", SESSIONS): {f"previewsessions.{GROUP}": {"get", "patch", "update"}},
}


def rights(role: render.Document) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                names = "".join(f"/{name}" for name in rule.get("resourceNames", ()))
                key = f"{resource}{names}{f'.{group}' if group else ''}"
                found.setdefault(key, set()).update(rule["verbs"])
    return found


def test_the_rights_are_exactly_these(defaults: list[render.Document]) -> None:
    roles = [one for one in defaults if one["kind"] == "Role"]
    found = {(one["metadata"]["name"].rpartition("-")[2], one["metadata"]["namespace"]): rights(one) for one in roles}
    assert found == RIGHTS


def test_each_role_is_bound_to_the_component_that_it_is_named_for(release: list[render.Document]) -> None:
    accounts = {
        one["metadata"]["name"]: one["metadata"]["namespace"] for one in release if one["kind"] == "ServiceAccount"
    }
    bindings = [one for one in release if one["kind"] == "RoleBinding"]
    assert len(bindings) == len([one for one in release if one["kind"] == "Role"]) == len(RIGHTS)
    for binding in bindings:
        name = binding["metadata"]["name"]
        assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": accounts[name]}]


def test_nobody_has_rights_beyond_the_two_namespaces(release: list[render.Document]) -> None:
    assert not of_kind(release, "ClusterRoleBinding")


def test_a_secret_that_is_given_is_only_read(everything: list[render.Document]) -> None:
    [role] = [
        one
        for one in everything
        if one["kind"] == "Role"
        and one["metadata"]["namespace"] == render.NAMESPACE
        and one["metadata"]["name"].endswith("operator")
    ]
    assert rights(role) == {"secrets/given": {"get"}}


def test_roles_for_people_are_made_only_when_asked_for(
    defaults: list[render.Document], everything: list[render.Document]
) -> None:
    assert not of_kind(defaults, "ClusterRole")
    roles = of_kind(everything, "ClusterRole")
    assert set(roles) == {"view", "edit", "admin"}
    # The name of a session is the key to it.
    assert "previewsessions" not in str(rights(roles["view"]))
