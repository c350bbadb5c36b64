from __future__ import annotations

import json
from pathlib import Path

import pytest

from preview_api.backends.local.installation import (
    BAKED_BY,
    CATALOGUE_NEEDS,
    Installation,
    InstallationFailed,
    ensure,
    is_supported,
    parse_version,
    runtime_sources,
)


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        ("v20.19.0\n", True),
        ("v20.18.3", False),
        ("v18.20.0", False),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("", False),
        ("command not found", False),
    ],
)
def test_the_versions_of_node_that_vite_supports(text: str, supported: bool) -> None:
    assert is_supported(parse_version(text)) is supported


def executable(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_a_missing_or_old_node_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(InstallationFailed, match=r"Node\.js 20\.19 or newer"):
        ensure(tmp_path, lambda _: None)
    executable(tools, "node", "echo v18.1.0")
    with pytest.raises(InstallationFailed, match="npm"):
        ensure(tmp_path, lambda _: None)
    executable(tools, "npm", "exit 1")
    with pytest.raises(InstallationFailed, match=r"is v18\.1\.0"):
        ensure(tmp_path, lambda _: None)


def catalogue(**more: str) -> str:
    """The least that a package.json of a catalogue holds."""
    return json.dumps({"dependencies": {**dict.fromkeys(CATALOGUE_NEEDS, "*"), **more}})


def sources(folder: Path) -> Path:
    """A runtime that needs no network."""
    for name in ("package.json", "package-lock.json", "catalogue/package.json", "catalogue/package-lock.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    (folder / "catalogue" / "package.json").write_text(catalogue())
    for name in ("src/main.js", *(f"src/{name}" for name in BAKED_BY), "schema/a.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins that leave a trace of every call."""
    tools = tmp_path / "bin"
    tools.mkdir()
    trace = tmp_path / "trace"
    trace.touch()
    executable(tools, "node", f'[ "$1" = --version ] && echo v20.19.0 || echo "bake $2" >> {trace}')
    executable(tools, "npm", f'mkdir -p node_modules; echo "npm $*" >> {trace}')
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    return trace


def test_packages_are_installed_once_and_sources_follow(tmp_path: Path, tools: Path) -> None:
    runtime, progress = sources(tmp_path / "runtime"), list[str]()
    first = ensure(tmp_path / "cache", progress.append, runtime)
    assert first.missing() is None
    assert progress == [
        "Installing the runtime",
        "Installing the dependency catalogue",
        "Pre-bundling the dependency catalogue",
    ]
    assert tools.read_text().count("npm ci --ignore-scripts") == 2
    (runtime / "src" / "main.js").write_text("// changed")
    second = ensure(tmp_path / "cache", progress.append, runtime)
    assert second.app != first.app
    assert (second.app / "src" / "main.js").read_text() == "// changed"
    # What an older server runs stays.
    assert first.missing() is None
    assert tools.read_text().count("npm ci") == 2
    (runtime / "catalogue" / "package-lock.json").write_text('{"a": 1}')
    third = ensure(tmp_path / "cache", progress.append, runtime)
    assert third.catalogue != first.catalogue
    assert tools.read_text().count("npm ci") == 4
    (runtime / "src" / "viteConfig.js").write_text("// bakes another way")
    assert ensure(tmp_path / "cache", progress.append, runtime).catalogue != third.catalogue


def test_a_catalogue_of_ones_own_takes_the_place_of_the_runtimes(tmp_path: Path, tools: Path) -> None:
    runtime, own = sources(tmp_path / "runtime"), tmp_path / "own"
    own.mkdir()
    (own / "package.json").write_text(catalogue(three="^0.160.0"))
    usual = ensure(tmp_path / "cache", lambda _: None, runtime)
    first = ensure(tmp_path / "cache", lambda _: None, runtime, own)
    assert first.catalogue != usual.catalogue
    assert "three" in (first.catalogue / "package.json").read_text()
    # It has no lock file: npm makes one.
    assert tools.read_text().count("npm install --ignore-scripts") == 1
    assert ensure(tmp_path / "cache", lambda _: None, runtime, own) == first
    (own / "package.json").write_text(catalogue(three="^0.170.0"))
    (own / "package-lock.json").write_text("{}")
    assert ensure(tmp_path / "cache", lambda _: None, runtime, own).catalogue != first.catalogue
    assert tools.read_text().count("npm install") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "a folder with a package.json"),
        ("{", "not valid JSON"),
        ("[]", "must list react, react-dom, tailwindcss, postcss, autoprefixer"),
        ('{"dependencies": {"react": "*", "react-dom": "*", "tailwindcss": "*"}}', "must list postcss, autoprefixer"),
    ],
)
def test_a_catalogue_that_will_not_do_is_told_before_anything_is_installed(
    tmp_path: Path, tools: Path, text: str | None, said: str
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    if text is not None:
        (own / "package.json").write_text(text)
    with pytest.raises(InstallationFailed, match=said):
        ensure(tmp_path / "cache", lambda _: None, sources(tmp_path / "runtime"), own)
    assert tools.read_text() == ""


def test_a_failed_installation_is_explained_and_leaves_nothing(tmp_path: Path, tools: Path) -> None:
    executable(tmp_path / "bin", "npm", "echo no network >&2; exit 1")
    with pytest.raises(InstallationFailed, match="no network"):
        ensure(tmp_path / "cache", lambda _: None, sources(tmp_path / "runtime"))
    assert [path.name for path in (tmp_path / "cache" / "runtime").iterdir()] == ["lock"]


def test_what_disappeared_is_reported(tmp_path: Path) -> None:
    gone = Installation(app=tmp_path / "app", catalogue=tmp_path, node="node")
    assert "cache folder" in str(gone.missing())


def test_the_sources_are_found_beside_the_package() -> None:
    assert (runtime_sources() / "src" / "main.js").is_file()
