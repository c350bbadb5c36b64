"""The Dockerfiles, which not every machine can build, agree with the images that the test cluster builds itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from e2e.cluster import controlimage, runtimeimage

from preview_api.backends.local.processes import MAIN, NODE_FLAGS

ROOT = Path(__file__).parents[2]
DOCKERFILES = ("api/Dockerfile", "runtime/Dockerfile")


def instructions(path: str) -> list[tuple[str, str]]:
    """Word and rest of each, continued lines joined."""
    text = (ROOT / path).read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


def last(path: str, word: str) -> str:
    return [rest for found, rest in instructions(path) if found == word][-1]


def test_node_is_started_in_a_pod_as_on_one_machine() -> None:
    entry = json.loads(last("runtime/Dockerfile", "ENTRYPOINT"))
    assert entry == ["node", *NODE_FLAGS, f"/app/src/{MAIN}"]
    built = runtimeimage.CONFIG["Entrypoint"]
    assert isinstance(built, list)
    assert [Path(built[0]).name, *built[1:]] == entry


@pytest.mark.parametrize(
    ("path", "config"), [("api/Dockerfile", controlimage.CONFIG), ("runtime/Dockerfile", runtimeimage.CONFIG)]
)
def test_an_image_runs_as_the_same_numbered_user(path: str, config: dict[str, object]) -> None:
    """Kubernetes can tell that a user is not root by its number only."""
    user = last(path, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert user == config["User"]
    assert last(path, "WORKDIR") == config["WorkingDir"]


@pytest.mark.parametrize("path", DOCKERFILES)
def test_base_images_are_plain_names_of_a_pinned_major(path: str) -> None:
    bases = {rest.partition(" ")[0] for word, rest in instructions(path) if word == "FROM"}
    assert all(re.fullmatch(r"[a-z]+:\d+(\.\d+)?-slim", base) for base in bases)


@pytest.mark.parametrize("path", DOCKERFILES)
def test_what_is_copied_is_there_and_not_ignored(path: str) -> None:
    sources = [
        source
        for word, rest in instructions(path)
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]
    assert sources
    allowed = [line[1:] for line in (ROOT / f"{path}.dockerignore").read_text().splitlines() if line.startswith("!")]
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(source == one or source.startswith(f"{one}/") or one.startswith(f"{source}/") for one in allowed)
