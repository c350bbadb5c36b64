"""A runtime that waited with the stand-in: nobody saw it, and nothing of it is left when the project comes."""

from __future__ import annotations

import json
import re
import threading
import time

import pytest
from tests.runtime.conftest import Start
from tests.runtime.harness import STUDIO, Answer, Runtime, whole_tree
from tests.runtime.project import APP, CSS, FILES, TITLE

from preview_core import standin
from preview_core.delivery import put_message
from preview_core.wire import HmrKind, Layout

PAGE = {"accept": "text/html"}


@pytest.fixture
def runtime(start: Start) -> Runtime:
    """Waits with the stand-in."""
    runtime = start()
    app = standin.tree()
    answer = runtime.control("PUT", "/v1/files", put_message(app, standin.REVISION, app.digest).wire())
    assert answer.status == 200, answer.body
    assert json.loads(answer.body)["diagnostics"] == []
    return runtime


def test_the_stand_in_is_shown_to_nobody_and_its_start_is_nobodys_visit(runtime: Runtime) -> None:
    assert (runtime.status()["phase"], runtime.status()["revision"]) == ("Ready", 0)
    seen: list[Answer] = []
    threads = [
        threading.Thread(target=lambda path=path: seen.append(runtime.get(path)))
        for path in ("/src/App.tsx", "/src/styles.css")
    ]
    threads.append(threading.Thread(target=lambda: seen.append(runtime.get("/", **PAGE))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in seen) == [200, 503, 503]
    assert all("Stand-in" not in answer.body and "tailwind" not in answer.body for answer in seen)
    assert runtime.status()["lastActivityAt"] == 0


def test_a_page_that_is_there_before_the_files_gets_the_project(runtime: Runtime) -> None:
    pages: list[Answer] = []
    visit = threading.Thread(target=lambda: pages.append(runtime.get("/", **PAGE)))
    visit.start()
    # On its way: the connection is accepted and waits.
    time.sleep(0.2)
    runtime.put(FILES)
    visit.join()
    assert pages[0].status == 200
    assert "/src/index.tsx" in pages[0].body


def test_the_project_takes_over_without_a_restart_and_nothing_of_the_stand_in_is_left(runtime: Runtime) -> None:
    outcome = runtime.put(FILES)
    assert (outcome.hmr.kind, outcome.diagnostics, outcome.revision) == (HmrKind.NONE, [], 1)
    status = runtime.status()
    assert (status["phase"], status["restarts"], status["lastActivityAt"]) == ("Ready", 0, 0)
    for path in standin.tree():
        name = path.removeprefix("src/frontend/")
        if name.startswith("src/") and name not in FILES:
            assert runtime.get(f"/{name}").status == 404, name
    assert "Hello" in runtime.get("/src/components/Title.tsx").body
    assert "react-router-dom" not in runtime.get("/src/App.tsx").body


def test_g17_classes_of_the_stand_in_are_in_no_stylesheet_of_the_project(runtime: Runtime) -> None:
    runtime.put(FILES)
    css = runtime.get("/src/styles.css").body
    assert "padding: 0.5rem" in css
    for own in (".card", "accent-", "bg-gradient-to-r", "teal", ".frame", ".button"):
        assert own not in css, own


def test_g17_the_same_tailwind_config_shares_no_classes_either(runtime: Runtime) -> None:
    config = standin.tree()["src/frontend/tailwind.config.js"].content.decode()
    runtime.put({**FILES, "tailwind.config.js": config})
    css = runtime.get("/src/styles.css").body
    assert "padding: 0.5rem" in css
    assert "teal" not in css
    assert "antialiased" not in css


def test_edits_go_on_as_if_the_project_had_been_there_from_the_start(runtime: Runtime) -> None:
    runtime.put(FILES)
    text = runtime.patch({"src/components/Title.tsx": TITLE.replace("Hello", "Goodbye")})
    # The stylesheet stays: an old Tailwind context would say that the words of the edit may be classes.
    assert (text.hmr.kind, text.hmr.modules) == (HmrKind.UPDATE, ["/src/components/Title.tsx"])
    style = runtime.patch({"src/App.tsx": APP.replace("p-2", "p-[13px]")})
    assert set(style.hmr.modules) == {"/src/App.tsx", "/src/styles.css"}
    assert "padding: 13px" in runtime.get("/src/styles.css").body
    rule = runtime.patch({"src/styles.css": CSS.replace("1, 2, 3", "4, 5, 6")})
    assert (rule.hmr.kind, rule.hmr.modules) == (HmrKind.CSS, ["/src/styles.css"])


def test_a_project_that_does_not_compile_is_reported_and_mended_as_ever(runtime: Runtime) -> None:
    broken = runtime.put({**FILES, "src/App.tsx": "export default function App() { return <"})
    assert [found.path for found in broken.diagnostics] == ["src/frontend/src/App.tsx"]
    assert runtime.status()["phase"] == "Ready"
    mended = runtime.patch({"src/App.tsx": APP})
    assert mended.diagnostics == []
    assert mended.hmr.kind == HmrKind.FULL_RELOAD


def test_a_broken_config_of_the_project_does_not_leave_the_stand_ins(runtime: Runtime) -> None:
    outcome = runtime.put({**FILES, "tailwind.config.js": "module.exports = {"})
    assert [found.path for found in outcome.diagnostics] == ["src/frontend/tailwind.config.js"]
    css = runtime.get("/src/styles.css").body
    assert "padding: 0.5rem" in css
    assert "teal" not in css


@pytest.mark.parametrize(
    "layout",
    [
        Layout(root="src/frontend", entry="src/index.tsx", index="project"),
        Layout(root="src/frontend", entry="src/App.tsx", index="synthesised", mount=True),
        Layout(root="src/frontend/src", entry="index.tsx", index="synthesised"),
        Layout(root="src/frontend", entry=None, index="synthesised"),
    ],
)
def test_a_project_of_another_layout_is_served_as_well(runtime: Runtime, layout: Layout) -> None:
    page = '<html><head></head><body><p>mine</p><script type="module" src="/src/index.tsx"></script></body></html>'
    files = {**FILES, "index.html": page} if layout.index == "project" else FILES
    outcome = runtime.put(files, layout)
    assert (outcome.diagnostics, outcome.hmr.kind) == ([], HmrKind.NONE)
    assert (runtime.status()["phase"], runtime.status()["restarts"]) == ("Ready", 0)
    body = runtime.get("/", **PAGE).body
    assert ("mine" in body) == (layout.index == "project")
    assert "Stand-in" not in body


def test_what_vite_remembers_of_single_files_is_the_projects(runtime: Runtime) -> None:
    files = {
        **FILES,
        "public/robots.txt": "of the project",
        ".env": "VITE_NAME=of-the-project",
        "src/App.tsx": "export default function App() { return <b>{import.meta.env.VITE_NAME}</b> }",
    }
    assert runtime.put(files).diagnostics == []
    assert runtime.get("/robots.txt").body == "of the project"
    assert "of-the-project" in runtime.get("/src/App.tsx").body


def test_a_stand_in_never_replaces_a_project(runtime: Runtime) -> None:
    runtime.put(FILES)
    app = standin.tree()
    answer = runtime.control("PUT", "/v1/files", put_message(app, standin.REVISION, app.digest).wire())
    assert answer.status == 409
    assert "Hello" in runtime.get("/src/components/Title.tsx").body


def test_a_page_names_all_that_it_is_going_to_load_and_it_loads(runtime: Runtime) -> None:
    runtime.put(FILES)
    runtime.patch({"src/components/Title.tsx": TITLE.replace("Hello", "Goodbye")})
    hints = re.findall(r'<link rel="modulepreload" href="([^"]+)"', runtime.get("/", **PAGE).body)
    # Vite adds the time of a change to the URLs of all that it goes through on its way up.
    assert {"/@vite/client", "/src/index.tsx", "/src/App.tsx", "/src/styles.css"} <= {
        re.sub(r"\?t=.*", "", url) for url in hints
    }
    assert any(re.fullmatch(r"/src/components/Title\.tsx\?t=\d+", url) for url in hints)
    assert any(url.startswith("/.kontext-preview/deps/react-dom_client.js?v=") for url in hints)
    app = runtime.get("/src/App.tsx").body
    assert all(url in app for url in hints if "Title" in url)
    for url in hints:
        answer = runtime.get(url)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/javascript"), url


def test_a_page_of_a_project_that_is_being_compiled_begins_with_the_packages_of_its_sources(start: Start) -> None:
    runtime = start()
    visits: list[Answer] = []
    page = threading.Thread(target=lambda: visits.append(runtime.get("/", **PAGE)))
    page.start()
    runtime.control("PUT", "/v1/files", whole_tree(FILES, 1, STUDIO))
    page.join()
    begun, _, _ = visits[0].body.partition("<html")
    (react,) = re.findall(r'<link rel="modulepreload" href="([^"]+/react-dom_client\.js\?v=[^"]+)"', begun)
    # And evaluates those that may be.
    early = re.search(r"for \(const url of (\[.*\])\) import\(url\)", begun)
    assert early is not None
    assert react in json.loads(early[1])
