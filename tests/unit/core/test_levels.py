from __future__ import annotations

import pytest

from preview_core.levels import Change, analysis

ROOT = "src/frontend/"


def change(path: str, old: bytes | None = b"old", new: bytes | None = b"new") -> Change:
    return Change(path.rpartition("/")[2], path, old, new)


@pytest.mark.parametrize(
    ("path", "level", "kind", "strategy"),
    [
        (ROOT + "src/styles.css", "css", "css", "hot-reload"),
        (ROOT + "src/theme.scss", "css", "css", "hot-reload"),
        (ROOT + "tailwind.config.js", "css", "css", "hot-reload"),
        (ROOT + "src/App.tsx", "refresh", "structure", "hot-reload"),
        (ROOT + "index.html", "reload", "structure", "preview-update"),
        (ROOT + "vite.config.ts", "restart", "structure", "preview-update"),
        (ROOT + "package.json", "install", "dependency", "preview-update"),
        (ROOT + "yarn.lock", "noop", "dependency", "hot-reload"),
        ("README.md", "noop", "content", "hot-reload"),
        ("src/backend/src/main.mo", "backend", "backend", "full-deploy"),
        (ROOT + "candid/app.did", "backend", "backend", "full-deploy"),
    ],
)
def test_the_kind_of_a_file_decides_its_level(path: str, level: str, kind: str, strategy: str) -> None:
    found = analysis([change(path)])
    assert found["strategy"] == strategy
    (entry,) = found["changes"]
    assert (entry["fileName"], entry["level"], entry["changeType"]) == (path.rpartition("/")[2], level, kind)
    assert entry["canHotReload"] == (level in {"noop", "css", "refresh"})
    assert entry["requiresDeployment"] == (level == "backend")
    assert entry["reason"]


def test_an_identical_file_is_a_noop_whatever_its_kind() -> None:
    for path in (ROOT + "package.json", "src/backend/src/main.mo", ROOT + "src/App.tsx"):
        assert analysis([change(path, b"same", b"same")])["changes"][0]["level"] == "noop"


@pytest.mark.parametrize(
    ("paths", "strategy"),
    [
        ([], "hot-reload"),
        (["src/backend/src/main.mo", ROOT + "src/styles.css"], "hot-reload"),
        (["src/backend/src/main.mo", ROOT + "package.json"], "preview-update"),
        (["src/backend/src/main.mo", "README.md"], "full-deploy"),
        ([ROOT + "src/App.tsx", ROOT + "index.html"], "preview-update"),
    ],
)
def test_a_backend_file_never_lowers_the_preview_of_the_rest(paths: list[str], strategy: str) -> None:
    assert analysis([change(path) for path in paths])["strategy"] == strategy
