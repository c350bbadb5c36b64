"""manifests/: one file with everything, and a runtime to go with it. The same chart gives the same text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from helm.render import CHART, NAMESPACE, ROOT, Document, documents

INSTALL = ROOT / "manifests" / "install.yaml"
RUNTIME = ROOT / "manifests" / "samples" / "runtime.yaml"
# Kubernetes 1.20 has no policy/v1: kubectl would stop at it.
_VALUES: Mapping[str, Any] = {"api": {"podDisruptionBudget": {"enabled": False}}}
_GENERATED = """\
# Generated from helm/kontext-preview. Do not edit: change the chart, then run
#   python -m helm --write
"""
_INSTALL = """\
#
# kontext-preview with the chart's default values. Look for preview.example.com (the domain of the previews) and for
# kontext-preview:{version} (the image), then:
#   kubectl apply -f manifests/install.yaml                 (before Kubernetes 1.25 with --validate=false)
#   kubectl apply -f manifests/samples/runtime.yaml
"""
_RUNTIME = """\
#
# The runtime of sessions that ask for none. Not in install.yaml: kubectl looks up the kinds of a file before it creates
# anything of it, and this kind is made there.
"""
# In the order in which a cluster needs them; what is not named comes last.
_ORDER = ("Namespace", "CustomResourceDefinition", "ServiceAccount", "Role", "RoleBinding", "NetworkPolicy", "Service")
# True of a Helm release only.
_HELM_LABELS = ("helm.sh/chart", "app.kubernetes.io/managed-by")


def generated() -> dict[Path, str]:
    found = documents(_VALUES)
    for document in found:
        _forget_helm(document)
    runtimes = [document for document in found if document["kind"] == "PreviewRuntime"]
    others = [document for document in found if document["kind"] != "PreviewRuntime"]
    others.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    return {
        INSTALL: _GENERATED + _INSTALL.format(version=version) + _text(others),
        RUNTIME: _GENERATED + _RUNTIME + _text(runtimes),
    }


def _text(found: list[Document]) -> str:
    parts = [
        yaml.safe_dump(document, sort_keys=True, allow_unicode=True, width=120)
        for document in sorted(found, key=_place)
    ]
    return "".join(f"---\n{part}" for part in parts)


def _forget_helm(document: Document) -> None:
    labels = document["metadata"].get("labels", {})
    for label in _HELM_LABELS:
        labels.pop(label, None)
    if document["kind"] == "PreviewRuntime":
        # Hooks and marks of a release: see the template.
        document["metadata"].pop("annotations", None)


def _place(document: Document) -> tuple[int, str, str, str]:
    kind = document["kind"]
    place = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return place, kind, document["metadata"].get("namespace", ""), document["metadata"]["name"]
