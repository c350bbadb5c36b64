"""G25 in a real runtime, with packages of npm's registry as npm is set up on this machine."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from tests.runtime.conftest import Start
from tests.runtime.harness import Runtime
from tests.runtime.page import observer
from tests.runtime.project import APP, CSS, FILES, TITLE

from preview_api.backends.local.npm import npm_configuration
from preview_core.wire import HmrKind, Outcome

# G25 itself.
INSTALLED_S = 60
DEPS = "files/src/frontend/.kontext-preview/deps"
NOWHERE = "http://127.0.0.1:9/"
UNKNOWN = "kontext-preview-no-such-package"
CONFETTI = "import confetti from 'canvas-confetti'\n" + APP.replace("<main ", "<main onClick={() => confetti()} ")
# react-countup expects React of whoever uses it.
COUNTING = "import CountUp from 'react-countup'\n" + APP.replace("<Title />", "<CountUp end={3} />")

Settings = Mapping[str, str]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with which a runtime installs packages, and a store that its sessions share."""
    return {
        "KP_STORE_DIR": str(tmp_path_factory.mktemp("store")),
        "KP_NPM_CONFIG": json.dumps(npm_configuration(os.environ, Path.home())),
    }


def manifest(**dependencies: str) -> str:
    given = {"react": "^18.2.0", "react-dom": "^18.2.0", **dependencies}
    return json.dumps({"dependencies": {name.replace("_", "-"): wanted for name, wanted in given.items()}})


def settled(runtime: Runtime) -> bool:
    status = runtime.status()
    return bool(status["installing"] == [] and status["phase"] == "Ready")


def eventually(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + INSTALLED_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def codes(outcome: Outcome) -> set[tuple[str, str | None]]:
    return {(one.code, one.path) for one in outcome.warnings}


def dependency(runtime: Runtime, importer: str, name: str) -> str:
    """URL of the bundle that a module imports for a package."""
    body = runtime.get(importer).body
    found = re.search(rf'"(/\.kontext-preview/deps/{re.escape(name)}\.js\?v=\w+)"', body)
    assert found is not None, body
    return found.group(1)


def reacts(runtime: Runtime) -> set[str]:
    """Versions of React in all bundles of a session."""
    deps = runtime.folder / DEPS
    version = re.compile(r'exports\.version = "([^"]+)"|ReactVersion = "([^"]+)"')
    found = [version.findall(path.read_text()) for path in deps.glob("*.js")]
    return {one for matches in found for pair in matches for one in pair if one}


def test_g25_an_import_that_nobody_has_is_installed_while_the_page_stays(start: Start, registry: Settings) -> None:
    runtime = start(**registry)
    runtime.put({**FILES, "package.json": manifest()})
    outcome = runtime.patch({"src/App.tsx": CONFETTI})
    assert outcome.hmr.kind == HmrKind.ERROR
    (told,) = outcome.diagnostics
    assert (told.path, told.plugin) == ("src/frontend/src/App.tsx", "kontext-preview:install")
    assert told.message.startswith("Installing canvas-confetti")
    assert ("MISSING_DEPENDENCY_ADDED", "src/frontend/src/App.tsx") in codes(outcome)
    status = runtime.status()
    assert (status["phase"], status["installing"], status["lastError"]) == ("Ready", ["canvas-confetti"], None)
    eventually(lambda: settled(runtime))
    assert runtime.get(dependency(runtime, "/src/App.tsx", "canvas-confetti")).status == 200
    assert runtime.status()["lastError"] is None
    assert runtime.status()["restarts"] == 0


def test_g25_an_observer_hears_of_the_progress_and_of_no_error(start: Start, registry: Settings) -> None:
    runtime = start(**registry)
    runtime.put({**FILES, "package.json": manifest()})
    with observer(runtime) as watching:
        runtime.patch({"src/App.tsx": COUNTING})
        first = watching.until("install")
        assert (first["state"], first["packages"]) == ("running", ["react-countup"])
        while (last := watching.until("install"))["state"] == "running":
            assert last["fetched"] <= last["total"]
        # React is no part of it: it is the session's.
        assert (last["state"], last["fetched"], last["total"]) == ("done", 2, 2)
        eventually(lambda: settled(runtime))
        assert set(watching.drained()) == {"install", "full-reload"}


def test_g25_a_project_that_comes_with_an_unknown_package_waits_on_a_page_that_reloads_itself(
    start: Start, registry: Settings
) -> None:
    runtime = start(**registry)
    outcome = runtime.put({**FILES, "package.json": manifest(canvas_confetti="^1.9.0"), "src/App.tsx": CONFETTI})
    assert outcome.warnings == []
    assert runtime.status()["phase"] == "Starting"
    page = runtime.get("/", accept="text/html").body
    assert 'http-equiv="refresh"' in page
    assert "Installing canvas-confetti" in page
    eventually(lambda: settled(runtime))
    assert "/src/index.tsx" in runtime.get("/", accept="text/html").body
    assert runtime.get(dependency(runtime, "/src/App.tsx", "canvas-confetti")).status == 200
    # One dev server, begun once the package was there, which bundled what the project imports and not the catalogue.
    assert runtime.status()["restarts"] == 0
    assert "recharts" not in {path.stem for path in (runtime.folder / DEPS).glob("*.js")}


def test_g25_a_package_that_does_not_exist_is_named_and_the_others_are_installed(
    start: Start, registry: Settings
) -> None:
    runtime = start(**registry)
    runtime.put({**FILES, "package.json": manifest()})
    missing = f"import x from '{UNKNOWN}'\nexport default function Title() {{ return <h1>{{x}}</h1> }}\n"
    runtime.patch(
        {"src/App.tsx": COUNTING.replace("<CountUp", "<Title /><CountUp"), "src/components/Title.tsx": missing}
    )
    assert set(runtime.status()["installing"]) == {UNKNOWN, "react-countup"}
    eventually(lambda: settled(runtime))
    error = runtime.status()["lastError"]
    assert error["path"] == "src/frontend/src/components/Title.tsx"
    assert f'"{UNKNOWN}" (latest) is not in the npm registry' in error["message"]
    assert (runtime.folder / "files/node_modules/react-countup").is_dir()
    # Nobody asks for it again before something changes that does.
    assert runtime.patch({"src/styles.css": f"{CSS}.x {{ color: red }}\n"}).diagnostics == []
    assert runtime.status()["installing"] == []
    again = runtime.patch({"src/components/Title.tsx": missing + "\n"})
    assert again.diagnostics[0].message.startswith("Installing")
    eventually(lambda: settled(runtime))
    fixed = runtime.patch({"src/components/Title.tsx": TITLE})
    assert (fixed.diagnostics, runtime.status()["lastError"]) == ([], None)


def test_g25_a_package_with_react_as_a_peer_gets_the_sessions_react(start: Start, registry: Settings) -> None:
    runtime = start(**registry)
    runtime.put({**FILES, "package.json": manifest(react_countup="^6.5.0"), "src/App.tsx": COUNTING})
    eventually(lambda: settled(runtime))
    assert runtime.get(dependency(runtime, "/src/App.tsx", "react-countup")).status == 200
    assert {version.split(".")[0] for version in reacts(runtime)} == {"18"}


def test_g25_another_major_of_react_takes_the_place_of_the_catalogues_everywhere(
    start: Start, registry: Settings
) -> None:
    runtime = start(**registry)
    runtime.put({**FILES, "package.json": manifest(react_countup="^6.5.0"), "src/App.tsx": COUNTING})
    eventually(lambda: settled(runtime))
    newer = manifest(react="^19.0.0", react_dom="^19.0.0", react_countup="^6.5.0")
    outcome = runtime.patch({"package.json": newer})
    assert outcome.hmr.kind == HmrKind.NONE
    assert [one.message.split(":")[0] for one in outcome.diagnostics] == ["Installing react", "Installing react-dom"]
    eventually(lambda: settled(runtime))
    for name in ("react", "react-countup"):
        assert runtime.get(dependency(runtime, "/src/App.tsx", name)).status == 200
    assert {version.split(".")[0] for version in reacts(runtime)} == {"19"}


def test_g25_stylesheets_and_configs_may_name_packages_too(start: Start, registry: Settings) -> None:
    runtime = start(**registry)
    runtime.put({**FILES, "package.json": manifest(), "src/styles.css": f"@import 'normalize.css';\n{CSS}"})
    eventually(lambda: settled(runtime))
    assert "normalize.css v" in runtime.get("/src/styles.css").body
    config = (
        "module.exports = { content: ['./src/**/*.tsx'], plugins: [require('@tailwindcss/aspect-ratio')],"
        " corePlugins: { aspectRatio: false } }"
    )
    runtime.patch(
        {"tailwind.config.js": config, "src/components/Title.tsx": TITLE.replace("<h1", "<h1 className='aspect-w-16'")}
    )
    eventually(lambda: settled(runtime))
    assert "--tw-aspect-w: 16" in runtime.get("/src/styles.css").body


def test_g38_stylesheets_and_fonts_of_a_package_are_served_and_no_address_names_a_folder(
    start: Start, registry: Settings
) -> None:
    runtime = start(**registry)
    runtime.put({**FILES, "src/App.tsx": f"import '@fontsource/inter'\n{APP}"})
    eventually(lambda: settled(runtime))
    found = re.search(r'import "(/[^"]+/index\.css)"', runtime.get("/src/App.tsx").body)
    assert found is not None
    stylesheet = runtime.get(found.group(1)).body
    font = re.search(r"url\((/[^)]+\.woff2)\)", stylesheet)
    assert font is not None
    assert runtime.head(font.group(1)).headers["content-type"] == "font/woff2"
    assert str(runtime.folder) not in stylesheet + runtime.get("/src/App.tsx").body


def test_g25_two_sessions_install_at_once_and_neither_waits(start: Start, registry: Settings) -> None:
    first, second = start(**registry), start(**registry)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda runtime: runtime.put({**FILES, "src/App.tsx": COUNTING}), (first, second)))
    for runtime in (first, second):
        eventually(partial(settled, runtime))
        assert runtime.get(dependency(runtime, "/src/App.tsx", "react-countup")).status == 200


def test_g25_the_second_time_a_package_comes_from_the_store_without_any_network(
    start: Start, registry: Settings
) -> None:
    first = start(**registry)
    first.put({**FILES, "src/App.tsx": CONFETTI})
    eventually(lambda: settled(first))
    npm = json.loads(registry["KP_NPM_CONFIG"])
    cut = {**npm, "npm_config_https_proxy": NOWHERE, "npm_config_proxy": NOWHERE}
    second = start(**{**registry, "KP_NPM_CONFIG": json.dumps(cut)})
    second.put({**FILES, "src/App.tsx": CONFETTI})
    eventually(lambda: settled(second))
    assert second.get(dependency(second, "/src/App.tsx", "canvas-confetti")).status == 200


def test_a_registry_that_is_away_is_told_and_an_update_of_the_importer_tries_again(
    start: Start, tmp_path: Path
) -> None:
    runtime = start(KP_STORE_DIR=str(tmp_path / "store"), KP_REGISTRY=NOWHERE)
    runtime.put(FILES)
    runtime.patch({"src/App.tsx": CONFETTI})
    eventually(lambda: settled(runtime))
    message = runtime.status()["lastError"]["message"]
    assert "could not be installed: the npm registry does not answer" in message
    assert "127.0.0.1" not in message
    assert "/src/components/Title.tsx" in runtime.get("/src/App.tsx").body or runtime.get("/src/App.tsx").status == 500
    runtime.patch({"src/App.tsx": CONFETTI + "\n"})
    assert runtime.status()["installing"] == ["canvas-confetti"]


def test_without_a_registry_nothing_is_installed_and_the_error_says_so(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    (told,) = runtime.patch({"src/App.tsx": CONFETTI}).diagnostics
    assert "no npm registry to install more from" in told.message
    assert (told.path, told.line is not None) == ("src/frontend/src/App.tsx", True)
    assert runtime.status()["installing"] == []


def test_what_package_json_asks_for_from_elsewhere_is_refused(start: Start, registry: Settings) -> None:
    runtime = start(**registry)
    elsewhere = manifest(canvas_confetti="https://elsewhere.example/x")
    outcome = runtime.put({**FILES, "package.json": elsewhere, "src/App.tsx": CONFETTI})
    assert ("DEPENDENCY_REFUSED", "src/frontend/src/App.tsx") in codes(outcome)
    assert "give a version range" in outcome.diagnostics[0].message
    assert runtime.status()["installing"] == []


def test_an_import_that_is_gone_before_its_package_came_costs_nothing(start: Start, registry: Settings) -> None:
    runtime = start(**registry)
    runtime.put({**FILES, "package.json": manifest()})
    runtime.patch({"src/App.tsx": CONFETTI})
    taken_back = runtime.patch({"src/App.tsx": APP})
    assert taken_back.hmr.kind in {HmrKind.UPDATE, HmrKind.NONE}
    assert not [one for one in taken_back.warnings if "canvas-confetti" in one.message]
    eventually(lambda: settled(runtime))
    assert runtime.status()["lastError"] is None


def test_a_session_that_ends_takes_its_installation_along(start: Start, tmp_path: Path) -> None:
    runtime = start(KP_STORE_DIR=str(tmp_path / "store"), KP_REGISTRY="http://192.0.2.1/")
    runtime.put({**FILES, "src/App.tsx": CONFETTI})
    children = Path(f"/proc/{runtime.process.pid}/task/{runtime.process.pid}/children").read_text().split()
    assert len(children) > 0
    runtime.end_input()
    runtime.process.wait(5)
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
