"""The custom resource definitions as YAML.

    python -m preview_core.resources.crd --write    # writes crds/ of the checkout
    python -m preview_core.resources.crd --check    # exit code 1 when crds/ is not what the models generate

A tool of the checkout: the only module here that needs PyYAML, which products do not install.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from preview_core.naming import ID_LENGTH, SESSION_ID_PATTERN
from preview_core.resources.names import CATEGORY, GROUP, RUNTIME, SESSION, VERSION, Names
from preview_core.resources.part import LABEL_LENGTH, LABEL_PATTERN
from preview_core.resources.runtime import PreviewRuntime, RuntimeSpec, RuntimeStatus
from preview_core.resources.session import PreviewSession, SessionSpec, SessionStatus
from preview_core.resources.structural import Schema, paragraphs, structural

FOLDER = Path(__file__).parents[3] / "crds"
HEADER = """\
# Generated from core/preview_core/resources. Do not edit: change the models, then run
#   python -m preview_core.resources.crd --write
"""


@dataclass(frozen=True)
class Column:
    """One column of `kubectl get`. `wide`: only with -o wide."""

    name: str
    path: str
    description: str
    type: str = "string"
    wide: bool = False

    def manifest(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "jsonPath": self.path,
            "description": self.description,
            "priority": int(self.wide),
        }


@dataclass(frozen=True)
class Definition:
    """What a custom resource definition says besides what its models say."""

    names: Names
    model: type[BaseModel]
    spec: type[BaseModel]
    status: type[BaseModel]
    name: Schema
    columns: tuple[Column, ...]
    scale: dict[str, str] | None = None

    @property
    def file(self) -> str:
        return f"{self.names.plural}.yaml"


class _Plain(yaml.SafeDumper):
    """Without anchors: what two models share is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _condition(kind: str, field: str) -> str:
    return f'.status.conditions[?(@.type=="{kind}")].{field}'


_READY = Column("Ready", _condition("Ready", "status"), "Whether everything works.")
_REASON = Column("Reason", _condition("Ready", "reason"), "Why it is ready or not.")
_AGE = Column("Age", ".metadata.creationTimestamp", "Time since the object was made.", type="date")

DEFINITIONS = (
    Definition(
        names=SESSION,
        model=PreviewSession,
        spec=SessionSpec,
        status=SessionStatus,
        name={"maxLength": ID_LENGTH, "pattern": f"^{SESSION_ID_PATTERN}$"},
        columns=(
            Column("Phase", ".status.phase", "Where the session is in its life."),
            _READY,
            _REASON,
            Column("Runtime", ".spec.runtimeRef.name", "The PreviewRuntime that it runs on."),
            Column("Revision", ".status.revision", "Acknowledged revision of the files.", type="integer"),
            Column("Idle", ".status.lastActivityAt", "Time since it was last used.", type="date"),
            _AGE,
            Column("Owner", ".spec.owner", "Who holds it; empty for a warm one.", wide=True),
            Column("URL", ".status.url", "Public address of the preview.", wide=True),
            Column("Pod", ".status.podName", "Pod that holds it now.", wide=True),
            # A string: a date column prints <invalid> for the future.
            Column("Expires", ".status.expiresAt", "When it ends if nothing happens any more.", wide=True),
        ),
    ),
    Definition(
        names=RUNTIME,
        model=PreviewRuntime,
        spec=RuntimeSpec,
        status=RuntimeStatus,
        name={"maxLength": LABEL_LENGTH, "pattern": LABEL_PATTERN},
        columns=(
            _READY,
            _REASON,
            Column("Desired", ".status.desired", "Warm sessions wanted now.", type="integer"),
            Column("Warm", ".status.ready", "Warm sessions that can be taken at once.", type="integer"),
            Column("Claimed", ".status.claimed", "Live sessions with an owner.", type="integer"),
            Column("Misses", ".status.misses", "Creates that found no warm session.", type="integer"),
            _AGE,
            Column("Image", ".spec.image", "Container image of the sessions.", wide=True),
            Column("Class", ".spec.runtimeClassName", "RuntimeClass of the pods.", wide=True),
            Column("Revision", ".status.revision", "What pods are made from.", wide=True),
            Column("Outdated", ".status.outdated", "Pods still to be replaced.", type="integer", wide=True),
        ),
        scale={
            "specReplicasPath": ".spec.warm.minimum",
            "statusReplicasPath": ".status.warm",
            "labelSelectorPath": ".status.selector",
        },
    ),
)


def manifest(definition: Definition) -> dict[str, Any]:
    """The CustomResourceDefinition."""
    names = definition.names
    subresources: dict[str, Any] = {"status": {}}
    if definition.scale is not None:
        subresources["scale"] = definition.scale
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": names.crd,
            # Uninstalling the chart must not delete every session: deleting a definition deletes its objects.
            "annotations": {"helm.sh/resource-policy": "keep"},
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": names.kind,
                "listKind": f"{names.kind}List",
                "plural": names.plural,
                "singular": names.singular,
                "shortNames": [names.short],
                "categories": [CATEGORY],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": subresources,
                    "additionalPrinterColumns": [column.manifest() for column in definition.columns],
                    "schema": {"openAPIV3Schema": _schema(definition)},
                }
            ],
        },
    }


def _schema(definition: Definition) -> Schema:
    return {
        "description": paragraphs(definition.model.__doc__ or ""),
        "type": "object",
        "required": ["spec"],
        "properties": {
            # Kubernetes checks these two itself, and of metadata only a name may be described here.
            "apiVersion": {"description": "Version of this schema.", "type": "string"},
            "kind": {"description": "What the object is.", "type": "string"},
            "metadata": {"type": "object", "properties": {"name": {"type": "string", **definition.name}}},
            "spec": structural(definition.spec),
            "status": structural(definition.status, defaults=False),
        },
    }


def text(definition: Definition) -> str:
    """The file's exact text."""
    body = yaml.dump(manifest(definition), Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)
    return HEADER + "---\n" + body


def outdated(folder: Path) -> list[str]:
    """Files that are not what the models generate."""
    return [
        definition.file
        for definition in DEFINITIONS
        if not (folder / definition.file).is_file()
        or (folder / definition.file).read_text(encoding="utf-8") != text(definition)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m preview_core.resources.crd", description="Generates crds/.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write the files")
    what.add_argument("--check", action="store_true", help="fail when a file is not what the models generate")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="default: crds/ of the checkout")
    chosen = parser.parse_args(arguments)
    if chosen.write:
        for definition in DEFINITIONS:
            (chosen.folder / definition.file).write_text(text(definition), encoding="utf-8")
        return 0
    stale = outdated(chosen.folder)
    if stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run python -m preview_core.resources.crd --write\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
