from __future__ import annotations

from preview_core.kube.resource import CONFIG_MAPS, INGRESSES, SESSIONS


def test_paths_are_those_of_the_api_server() -> None:
    assert CONFIG_MAPS.path("n") == "/api/v1/namespaces/n/configmaps"
    assert CONFIG_MAPS.path("n", "x") == "/api/v1/namespaces/n/configmaps/x"
    assert INGRESSES.path("n", "x") == "/apis/networking.k8s.io/v1/namespaces/n/ingresses/x"
    assert (
        SESSIONS.path("n", "x", "status")
        == "/apis/preview.coinnation.io/v1alpha1/namespaces/n/previewsessions/x/status"
    )


def test_a_name_cannot_leave_its_place_in_the_path() -> None:
    assert CONFIG_MAPS.path("n", "../../secrets/x") == "/api/v1/namespaces/n/configmaps/..%2F..%2Fsecrets%2Fx"
    assert CONFIG_MAPS.path("n", "x?y#z") == "/api/v1/namespaces/n/configmaps/x%3Fy%23z"


def test_the_api_version_is_as_in_manifests() -> None:
    assert CONFIG_MAPS.api_version == "v1"
    assert SESSIONS.api_version == "preview.coinnation.io/v1alpha1"
