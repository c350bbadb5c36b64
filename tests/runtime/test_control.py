"""The control API: who may speak, what is refused, and what a runtime says it has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.runtime.conftest import Start
from tests.runtime.harness import STUDIO, Runtime, whole_tree
from tests.runtime.page import Page, observer
from tests.runtime.project import APP, FILES

from preview_core.filetree import FileTree
from preview_core.wire import HmrKind, Outcome, Problem, Status

PATCH = {
    "baseRevision": 7,
    "baseDigest": "0" * 64,
    "revision": 8,
    "digest": "0" * 64,
    "layout": STUDIO.wire(),
    "put": [],
    "delete": [],
}


@pytest.mark.parametrize("token", ["", "wrong"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/status"), ("PUT", "/v1/files"), ("PATCH", "/v1/files"), ("POST", "/v1/shutdown")]
)
def test_nobody_speaks_to_a_session_without_its_token(served: Runtime, method: str, path: str, token: str) -> None:
    answer = served.control(method, path, body={}, token=token)
    assert answer.status == 401
    assert "UNAUTHORIZED" in answer.body


def test_the_probes_need_no_token(served: Runtime) -> None:
    assert served.control("GET", "/healthz", token="").status == 200
    assert served.control("GET", "/readyz", token="").status == 200


@pytest.mark.parametrize("body", ["", "{", "[]", '{"revision":1}', '{"revision":"1"}', "\u0000"])
def test_a_message_that_is_none_is_refused_and_says_why(served: Runtime, body: str) -> None:
    answer = served.control("PUT", "/v1/files", body=body)
    assert answer.status == 400
    assert "INVALID_MESSAGE" in answer.body


def test_an_unknown_call_is_not_found(served: Runtime) -> None:
    assert served.control("GET", "/v1/nothing").status == 404


def test_a_gap_is_refused_with_what_the_runtime_has(served: Runtime) -> None:
    answer = served.control("PATCH", "/v1/files", PATCH)
    assert answer.status == 409
    assert f'"revision":{served.revision}' in answer.body
    assert served.tree.digest in answer.body


def test_g42_a_whole_tree_that_was_read_before_an_update_does_not_undo_it(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    stale = whole_tree(FILES, runtime.revision)
    runtime.patch({"src/App.tsx": APP.replace("{count}", "{count}!")})
    answer = runtime.control("PUT", "/v1/files", stale)
    assert answer.status == 409
    problem = Problem.model_validate_json(answer.body)
    assert (problem.code, problem.revision, problem.digest) == (
        "REVISION_MISMATCH",
        runtime.revision,
        runtime.tree.digest,
    )
    assert "!" in runtime.get("/src/App.tsx").body


def test_g29_the_revision_never_falls_whatever_races(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    newest = 12
    apps = {n: APP.replace("{count}", f"{{count}} at {n}") for n in (2, 3, 5, 7, 11, newest)}
    messages = [whole_tree({**FILES, "src/App.tsx": apps[n]}, n) for n in (3, newest, 7, 2, newest, 11, 5)]
    with ThreadPoolExecutor(len(messages)) as pool:
        answers = list(pool.map(lambda message: runtime.control("PUT", "/v1/files", message), messages))
    assert {answer.status for answer in answers} <= {200, 409}
    assert [answers[n].status for n in (1, 4)] == [200, 200]
    assert runtime.status()["revision"] == newest
    assert f"at {newest}" in runtime.get("/src/App.tsx").body


def test_g23_the_same_revision_again_is_nothing_to_a_page(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    again = runtime.control("PUT", "/v1/files", whole_tree(FILES, runtime.revision))
    assert Outcome.model_validate_json(again.body).hmr.kind == HmrKind.NONE
    assert runtime.status()["restarts"] == 0


def test_the_same_revision_with_another_tree_mends_a_damaged_one(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    mended = {**FILES, "src/components/Title.tsx": "export default function Title() { return <h1>Mended</h1> }\n"}
    answer = runtime.control("PUT", "/v1/files", whole_tree(mended, runtime.revision))
    assert Outcome.model_validate_json(answer.body).hmr.kind == HmrKind.UPDATE
    assert "Mended" in runtime.get("/src/components/Title.tsx").body


def test_files_that_do_not_have_the_promised_digest_are_not_written(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    message = {**PATCH, "baseRevision": runtime.revision, "baseDigest": runtime.tree.digest, "revision": 9}
    lost = {"path": "src/frontend/src/App.tsx", "content": "lost", "encoding": "utf-8"}
    assert runtime.control("PATCH", "/v1/files", {**message, "put": [lost]}).status == 409
    assert "lost" not in runtime.get("/src/App.tsx").body
    assert runtime.patch({"src/App.tsx": APP.replace("{count}", "{count}!")}).hmr.kind == "update"


@pytest.mark.parametrize("path", ["../escaped", "/tmp/escaped", "a/../../escaped", "node_modules/react/index.js"])
def test_g37_a_path_outside_the_session_is_refused(start: Start, path: str) -> None:
    runtime = start()
    message = {
        "revision": 1,
        "digest": FileTree().digest,
        "layout": STUDIO.wire(),
        "files": [{"path": path, "content": "x", "encoding": "utf-8"}],
    }
    assert runtime.control("PUT", "/v1/files", message).status == 400
    assert not list(runtime.folder.parent.rglob("escaped"))


def test_the_status_has_the_shape_that_both_languages_know(served: Runtime) -> None:
    status = Status.model_validate(served.status())
    assert status.phase == "Ready"
    assert status.digest == served.tree.digest
    assert status.rss_bytes > 50_000_000


def test_g30_only_a_visit_is_activity_and_neither_its_start_nor_its_self_check(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    status = Status.model_validate(runtime.status())
    assert (status.phase, status.last_activity_at) == ("Ready", 0)
    assert runtime.get("/", accept="text/html").status == 200
    assert Status.model_validate(runtime.status()).last_activity_at > 0


def watched(runtime: Runtime) -> tuple[int, int]:
    """Pages that are open, and those of them that somebody may be looking at."""
    clients = Status.model_validate(runtime.status()).clients
    return clients.hmr, clients.watching


def test_g30_a_page_that_is_hidden_is_nobodys_look_and_one_that_is_shown_again_is(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    page = Page.of(runtime)
    assert watched(runtime) == (0, 0)
    with page.opened() as socket:
        assert watched(runtime) == (1, 1), "it has said nothing yet"
        page.tells(socket, visible=False)
        assert watched(runtime) == (1, 0)
        left_at = Status.model_validate(runtime.status()).last_activity_at
        assert Status.model_validate(runtime.status()).last_activity_at == left_at
        page.tells(socket, visible=True)
        assert watched(runtime) == (1, 1)
        assert Status.model_validate(runtime.status()).last_activity_at > left_at
        with page.opened() as other:
            page.tells(other, visible=False)
            assert watched(runtime) == (2, 1)


def test_g30_an_observer_is_nobodys_look(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    with observer(runtime):
        status = Status.model_validate(runtime.status())
        assert (status.clients.observers, status.clients.watching, status.last_activity_at) == (1, 0, 0)


def test_g30_every_page_has_the_script_that_tells_whether_it_is_shown(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    for number in range(3):
        runtime.patch({"index.html": f'<html><body>{number}<div id="root"></div></body></html>'})
        assert runtime.get("/", accept="text/html").body.count("kontext-preview:visible") == 1


def test_the_process_ends_when_its_parent_does(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    runtime.end_input()
    assert runtime.process.wait(5) == 0


def test_the_process_ends_well_on_sigterm_and_on_shutdown(start: Start) -> None:
    terminated, shut = start(), start()
    terminated.process.terminate()
    assert shut.control("POST", "/v1/shutdown").status == 202
    assert (terminated.process.wait(5), shut.process.wait(5)) == (0, 0)
