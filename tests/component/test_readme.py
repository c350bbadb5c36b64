"""The README's walk-through, run as it stands there."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from e2e.server import Server

README = Path(__file__).parents[2] / "README.md"


def walk_through() -> str:
    """The commands below the README's marker."""
    found = re.search(r"<!-- walk-through:.*?-->\n```bash\n(.*?)```", README.read_text(), re.DOTALL)
    assert found, "the README has no walk-through"
    return found[1]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """What the walk-through's calls print, in their order."""
    folder = tmp_path_factory.mktemp("readme")
    server = Server(folder / "server")
    server.start()
    try:
        commands = walk_through()
        assert "SERVER=http://127.0.0.1:8080\n" in commands
        script = "set -euo pipefail\n" + commands.replace("http://127.0.0.1:8080", server.url)
        done = subprocess.run(
            ["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        server.stop()
    assert done.returncode == 0, done.stderr
    decoder, found, rest = json.JSONDecoder(), [], done.stdout
    while "{" in rest:
        answer, end = decoder.raw_decode(rest := rest[rest.index("{") :])
        found.append(answer)
        rest = rest[end:]
    return found


def test_the_four_calls_succeed_as_the_readme_has_them(answers: list[dict[str, object]]) -> None:
    assert [answer["success"] for answer in answers] == [True] * 4


def test_the_create_warns_of_nothing_and_the_update_lands_on_the_bare_name(answers: list[dict[str, object]]) -> None:
    created, updated, status, closed = answers
    assert created["warnings"] == []
    assert updated["updated"] == ["App.tsx"]
    assert status["revision"] == 2
    assert closed["message"] == "Session closed successfully"
