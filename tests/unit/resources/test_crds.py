"""The YAML in `crds/` is what the models generate, named and printed as documented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from preview_core.resources import crd
from preview_core.resources.crd import DEFINITIONS, Definition
from preview_core.resources.names import API_VERSION, GROUP, RUNTIME, SESSION, VERSION

CRDS = Path(__file__).parents[3] / "crds"
SESSIONS, RUNTIMES = DEFINITIONS


def _version(definition: Definition) -> dict[str, Any]:
    (version,) = crd.manifest(definition)["spec"]["versions"]
    assert isinstance(version, dict)
    return version


def _rules(schema: dict[str, Any]) -> str:
    return " ; ".join(rule["rule"] for rule in schema.get("x-kubernetes-validations", []))


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.file)
def test_the_file_in_the_repository_is_what_the_models_generate(definition: Definition) -> None:
    assert (CRDS / definition.file).read_text(encoding="utf-8") == crd.text(definition)


def test_check_names_the_file_that_is_out_of_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--folder", str(tmp_path)]
    assert crd.main(["--write", *folder]) == 0
    assert crd.main(["--check", *folder]) == 0
    (tmp_path / SESSIONS.file).write_text("edited by hand", encoding="utf-8")
    assert crd.main(["--check", *folder]) == 1
    assert SESSIONS.file in capsys.readouterr().err


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.file)
def test_the_file_says_that_it_is_generated_and_reads_back_as_the_manifest(definition: Definition) -> None:
    text = crd.text(definition)
    assert text.startswith("# Generated from core/preview_core/resources. Do not edit")
    assert yaml.safe_load(text) == crd.manifest(definition)


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.file)
def test_the_file_can_be_a_chart_template_that_uninstalling_keeps(definition: Definition) -> None:
    text = crd.text(definition)
    assert "{{" not in text
    assert "&id" not in text
    assert crd.manifest(definition)["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_names_are_those_of_the_architecture() -> None:
    assert f"{GROUP}/{VERSION}" == API_VERSION == "preview.coinnation.io/v1alpha1"
    specs = [crd.manifest(definition)["spec"] for definition in DEFINITIONS]
    assert [crd.manifest(definition)["metadata"]["name"] for definition in DEFINITIONS] == [
        "previewsessions.preview.coinnation.io",
        "previewruntimes.preview.coinnation.io",
    ]
    assert [spec["names"] for spec in specs] == [
        {
            "kind": names.kind,
            "listKind": names.kind + "List",
            "plural": names.plural,
            "singular": names.singular,
            "shortNames": [short],
            "categories": ["previews"],
        }
        for names, short in ((SESSION, "pvs"), (RUNTIME, "pvr"))
    ]
    assert {spec["scope"] for spec in specs} == {"Namespaced"}


def test_kubectl_get_pvs_has_the_documented_columns() -> None:
    columns = _version(SESSIONS)["additionalPrinterColumns"]
    assert [c["name"].upper() for c in columns if c["priority"] == 0] == (
        ["PHASE", "READY", "REASON", "RUNTIME", "REVISION", "IDLE", "AGE"]
    )
    assert [c["name"].upper() for c in columns if c["priority"] == 1] == ["OWNER", "URL", "POD", "EXPIRES"]


def test_a_column_about_the_future_is_no_date() -> None:
    # kubectl prints <invalid> for a date that has not come yet.
    types = {c["name"]: c["type"] for c in _version(SESSIONS)["additionalPrinterColumns"]}
    assert types["Expires"] == "string"
    assert types["Idle"] == types["Age"] == "date"


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.file)
def test_every_column_shows_a_field_that_exists(definition: Definition) -> None:
    schema = _version(definition)["schema"]["openAPIV3Schema"]
    for column in _version(definition)["additionalPrinterColumns"]:
        if column["jsonPath"] != ".metadata.creationTimestamp":
            assert _at(schema, column["jsonPath"])["type"] == ("string" if column["type"] == "date" else column["type"])


def _at(schema: dict[str, Any], path: str) -> dict[str, Any]:
    for name in re.sub(r"\[.*?\)\]", ".[]", path).strip(".").split("."):
        schema = schema["items"] if name == "[]" else schema["properties"][name]
    return schema


def test_warm_sessions_are_scaled_by_the_scale_subresource_and_sessions_are_not() -> None:
    assert _version(SESSIONS)["subresources"] == {"status": {}}
    subresources = _version(RUNTIMES)["subresources"]
    assert subresources["status"] == {}
    assert subresources["scale"] == {
        "specReplicasPath": ".spec.warm.minimum",
        "statusReplicasPath": ".status.warm",
        "labelSelectorPath": ".status.selector",
    }
    schema = _version(RUNTIMES)["schema"]["openAPIV3Schema"]
    for path, kind in zip(subresources["scale"].values(), ("integer", "integer", "string"), strict=True):
        assert _at(schema, path)["type"] == kind
    # Without it the scale subresource of a runtime that says nothing about warm sessions would be an error.
    assert schema["properties"]["spec"]["properties"]["warm"]["default"]["minimum"] == 0


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.file)
def test_conditions_are_a_map_by_type(definition: Definition) -> None:
    conditions = _at(_version(definition)["schema"]["openAPIV3Schema"], ".status.conditions")
    assert conditions["x-kubernetes-list-type"] == "map"
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]
    assert "type" in conditions["items"]["required"]


@pytest.mark.parametrize("field", ["owner", "claimedAt", "expiresAt", "ended"])
def test_a_rule_keeps_what_was_promised_of_a_session(field: str) -> None:
    rules = _rules(_at(_version(SESSIONS)["schema"]["openAPIV3Schema"], ".spec"))
    assert f"!has(oldSelf.{field}) || (has(self.{field})" in rules


def test_rules_keep_a_session_on_its_runtime_and_bounds_in_order() -> None:
    assert _rules(_at(_version(SESSIONS)["schema"]["openAPIV3Schema"], ".spec.runtimeRef")) == "self == oldSelf"
    rules = _rules(_at(_version(RUNTIMES)["schema"]["openAPIV3Schema"], ".spec"))
    assert "self.warm.minimum <= self.warm.maximum" in rules
    assert "self.suspendAfterSeconds <= self.expireAfterSeconds" in rules
