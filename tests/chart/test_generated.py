"""Files that are made from the chart are what it gives today."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from helm import dashboard, manifests, values

from preview_core.naming import is_session_id
from preview_core.resources.runtime import PreviewRuntime
from preview_core.resources.session import PreviewSession

GENERATED = {**values.generated(), **dashboard.generated(), **manifests.generated()}
SAMPLES = manifests.RUNTIME.parent


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_a_generated_file_is_up_to_date(path: Path) -> None:
    assert path.read_text() == GENERATED[path], "python -m helm --write"


def test_rendering_twice_gives_the_same() -> None:
    assert manifests.generated() == manifests.generated()


def test_the_one_file_install_has_all_of_the_chart_but_what_kubectl_cannot_order() -> None:
    kinds = {one["kind"] for one in yaml.safe_load_all(manifests.INSTALL.read_text())}
    assert kinds >= {"Namespace", "CustomResourceDefinition", "Role", "Deployment", "Service", "Ingress"}
    assert "PreviewRuntime" not in kinds


def test_the_one_file_install_does_not_say_that_helm_manages_it() -> None:
    assert "Helm" not in manifests.INSTALL.read_text()


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_a_sample_is_what_the_models_accept(path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text()):
        if document["kind"] == "PreviewRuntime":
            assert PreviewRuntime.model_validate(document).spec.faults() == ()
        else:
            session = PreviewSession.model_validate(document)
            assert is_session_id(session.metadata.name)
