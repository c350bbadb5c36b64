"""The chart without Helm's command: linted and rendered, for the tests, a test cluster and the generated files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import helm_python
import yaml

ROOT = Path(__file__).resolve().parents[1]
CHART = Path(__file__).parent / "kontext-preview"
NAME = "kontext-preview"
NAMESPACE = "kontext-preview"
# Findings by weight: 1 is information, 2 a warning, 3 an error.
WARNING = 2

Document = dict[str, Any]


@contextmanager
def folder() -> Iterator[Path]:
    """The chart with its link to crds/ resolved: Helm follows it too, but prints a line about it each time."""
    with tempfile.TemporaryDirectory(prefix="kontext-chart-") as work:
        yield Path(shutil.copytree(CHART, Path(work) / CHART.name))


def lint(values: Mapping[str, Any]) -> list[str]:
    """Warnings and errors."""
    with folder() as chart:
        report = helm_python.lint(chart, dict(values), strict=True, namespace=NAMESPACE)
    found = [f"{one['path']}: {one['error']}" for one in report["messages"] if one["severity"] >= WARNING]
    return [*found, *report["errors"]]


def templates(values: Mapping[str, Any], name: str = NAME, namespace: str = NAMESPACE) -> dict[str, str]:
    """Text by file name, rendered for a current Kubernetes that has no CRD of ours. Raises helm_python.HelmError."""
    with folder() as chart, helm_python.Chart.load(chart) as loaded:
        loaded.validate_schema(dict(values))
        texts = loaded.render(dict(values), name=name, namespace=namespace)
    return {Path(path).name: text for path, text in texts.items()}


def documents(values: Mapping[str, Any], name: str = NAME, namespace: str = NAMESPACE) -> list[Document]:
    """The objects of a release, in no order. Raises helm_python.HelmError."""
    return [document for document in _all(values, name, namespace) if not _is_check(document)]


def checks(values: Mapping[str, Any], name: str = NAME, namespace: str = NAMESPACE) -> list[Document]:
    """What only `helm test` makes, in no order. Raises helm_python.HelmError."""
    return [document for document in _all(values, name, namespace) if _is_check(document)]


def _all(values: Mapping[str, Any], name: str, namespace: str) -> list[Document]:
    texts = templates(values, name, namespace)
    texts.pop("NOTES.txt", None)
    return [document for text in texts.values() for document in yaml.safe_load_all(text) if document]


def _is_check(document: Document) -> bool:
    return "test" in str(document["metadata"].get("annotations", {}).get("helm.sh/hook", "")).split(",")
