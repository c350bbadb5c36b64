"""Both languages are held to one description: the schema is generated, the examples are shared with the runtime."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from preview_core import wire

REPOSITORY = Path(__file__).parents[3]
SCHEMA = REPOSITORY / "runtime/schema/control.schema.json"
EXAMPLES = sorted((REPOSITORY / "tests/fixtures/wire").glob("*.json"))
MESSAGES = {message.__name__: message for message in wire.MESSAGES}


def test_the_schema_in_the_repository_is_what_the_models_generate() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == wire.schema_text()


def test_the_schema_is_a_valid_schema_with_every_message() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert set(MESSAGES) <= set(schema["$defs"])


def test_every_message_has_valid_and_invalid_examples() -> None:
    found = {(example["message"], example["valid"]) for example in map(_read, EXAMPLES)}
    assert found == {(name, valid) for name in MESSAGES for valid in (True, False)}


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_models_and_schema_agree_on_an_example(file: Path) -> None:
    example = _read(file)
    assert _model_accepts(example) == example["valid"]
    assert _schema_accepts(example) == example["valid"]


@pytest.mark.parametrize("file", [file for file in EXAMPLES if ".valid." in file.name], ids=lambda file: file.stem)
def test_what_a_model_sends_is_valid_for_the_schema(file: Path) -> None:
    example = _read(file)
    sent = _parsed(example).wire()
    assert _schema_accepts({**example, "value": sent})


def _read(file: Path) -> dict[str, Any]:
    example: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return example


def _parsed(example: dict[str, Any]) -> wire.Message:
    """As the client reads an answer: JSON types only, names of the wire only."""
    model = MESSAGES[example["message"]]
    return model.model_validate_json(json.dumps(example["value"]), strict=True, by_alias=True, by_name=False)


def _model_accepts(example: dict[str, Any]) -> bool:
    try:
        _parsed(example)
    except ValidationError:
        return False
    return True


def _schema_accepts(example: dict[str, Any]) -> bool:
    schema = {**wire.schema(), "$ref": f"#/$defs/{example['message']}"}
    return Draft202012Validator(schema).is_valid(example["value"])
