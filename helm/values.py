"""values.yaml as documentation, and the part of its schema that is the CRD's."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from helm.render import CHART, ROOT

VALUES = CHART / "values.yaml"
SCHEMA = CHART / "values.schema.json"
README = CHART / "README.md"
_CRD = ROOT / "crds" / "previewruntimes.yaml"
_BEGIN, _END = "<!-- values: generated -->\n", "<!-- /values -->\n"
_KEY = re.compile(r"^(?P<indent> *)(?P<name>[A-Za-z][A-Za-z0-9]*):")
_INDENT = 2


@dataclass(frozen=True)
class Value:
    """One documented value: its dotted path, what it is set to, its comment."""

    path: str
    default: Any
    text: str


def documented() -> list[Value]:
    """Every key below a `# --` comment, in the order of the file."""
    defaults = yaml.safe_load(VALUES.read_text())
    found: list[Value] = []
    parents: list[str] = []
    comment: list[str] | None = None
    for line in VALUES.read_text().splitlines():
        text = line.strip()
        if text.startswith("# -- "):
            comment = [text.removeprefix("# -- ")]
        elif text.startswith("#") and comment is not None:
            comment.append(text.removeprefix("#").strip())
        elif key := _KEY.match(line):
            parents[len(key["indent"]) // _INDENT :] = [key["name"]]
            if comment is not None:
                found.append(Value(".".join(parents), _at(defaults, parents), " ".join(comment)))
            comment = None
        else:
            comment = None
    return found


def generated() -> dict[Path, str]:
    return {README: _readme(), SCHEMA: _schema()}


def _at(defaults: Any, path: list[str]) -> Any:
    for name in path:
        defaults = defaults[name]
    return defaults


def _readme() -> str:
    rows = [f"| `{one.path}` | `{json.dumps(one.default)}` | {one.text} |\n" for one in documented()]
    head, _, rest = README.read_text().partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    return f"{head}{_BEGIN}| value | default | meaning |\n|---|---|---|\n{''.join(rows)}{_END}{tail}"


def _schema() -> str:
    """The schema with what a runtime's spec may hold, so that a bad one is refused before anything is installed."""
    schema = json.loads(SCHEMA.read_text())
    crd = yaml.safe_load(_CRD.read_text())
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    runtime = _strict(spec)
    # The chart knows an image for runtimes that name none.
    runtime["required"] = [name for name in spec.get("required", []) if name != "image"]
    schema["$defs"]["runtime"] = runtime
    return json.dumps(schema, indent=2) + "\n"


def _strict(part: dict[str, Any]) -> dict[str, Any]:
    """A structural schema as plain JSON Schema: no defaults, no descriptions, no unknown fields."""
    dropped = ("default", "description", "format")
    plain = {
        name: value for name, value in part.items() if name not in dropped and not name.startswith("x-kubernetes-")
    }
    if "properties" in plain:
        plain["properties"] = {name: _strict(value) for name, value in plain["properties"].items()}
        plain["additionalProperties"] = False
    if "items" in plain:
        plain["items"] = _strict(plain["items"])
    return plain
