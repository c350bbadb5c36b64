"""The runtime as a pod runs it: nobody's rights, no home, a volume, probes, signals."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from tests.runtime.conftest import Start
from tests.runtime.harness import CALLER, Runtime, whole_tree
from tests.runtime.pod import USER, Image, Volumes, image, pod, volumes
from tests.runtime.project import APP, FILES
from tests.runtime.test_preview import observe
from websockets.exceptions import ConnectionClosed

from preview_api.backends.local.installation import Installation
from preview_core.wire import HmrKind

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts a process as another user")
DIALOG = "import * as Dialog from '@radix-ui/react-dialog'\nexport default () => <Dialog.Root />\n"
CATALOGUED = {
    **FILES,
    "src/Dialog.tsx": DIALOG,
    "src/App.tsx": "import Dialog from './Dialog'\n" + APP.replace("<Title />", "<Title /><Dialog />"),
}
# The end of the process is the kernel's to report; what must be quick is told in the architecture's figures.
END_S = 3


@pytest.fixture(scope="module")
def built(installation: Installation) -> Iterator[Image]:
    with image(installation) as made:
        yield made


@pytest.fixture
def mounted() -> Iterator[Volumes]:
    with volumes() as made:
        yield made


def _owned(folder: Path) -> list[str]:
    """What the pod's user left there."""
    return [
        str(Path(top, name))
        for top, folders, files in os.walk(folder)
        for name in folders + files
        if os.lstat(Path(top, name)).st_uid == USER
    ]


def _loopbacks() -> list[tuple[socket.AddressFamily, str]]:
    """Of the families that this machine has."""
    found = []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with suppress(OSError), socket.socket(family) as probe:
            probe.bind((address, 0))
            found.append((family, address))
    return found


def _ask(address: str, port: int, path: str, host: str) -> int:
    connection = HTTPConnection(address, port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


@needs_root
def test_g36_a_user_who_may_write_to_nothing_but_the_volumes_serves_updates_and_restarts(
    built: Image, mounted: Volumes
) -> None:
    with pod(built, mounted) as runtime:
        assert runtime.put(CATALOGUED).diagnostics == []
        assert runtime.control("GET", "/readyz").status == 200
        assert runtime.get("/", accept="text/html").status == 200
        assert runtime.get("/src/index.tsx").status == 200
        assert runtime.patch({"src/App.tsx": APP.replace("p-2", "p-[13px]")}).hmr.kind == HmrKind.UPDATE
        assert "padding: 13px" in runtime.get("/src/styles.css").body
        assert runtime.patch({".env": "VITE_A=1\n"}).hmr.kind == HmrKind.RESTART
        theme = "export default { content: ['./src/**/*.tsx'], theme: { extend: { colors: { brand: '#010203' } } } }"
        assert runtime.patch({"tailwind.config.ts": theme}).hmr.kind == HmrKind.CSS
        assert runtime.control("GET", "/readyz").status == 200
    assert _owned(mounted.tmp) == []
    assert all(path.startswith(f"{mounted.session}/") for path in _owned(mounted.session.parent))


@needs_root
def test_the_catalogue_of_an_image_is_used_where_it_is_and_no_answer_says_where(built: Image, mounted: Volumes) -> None:
    with pod(built, mounted) as runtime:
        runtime.put(CATALOGUED)
        files = [path for path in mounted.session.rglob("*") if not path.is_dir()]
        own = sum(os.lstat(path).st_size for path in files)
        assert own < 1_000_000, "the pre-bundled dependencies were copied"
        importer = runtime.get("/src/Dialog.tsx").body
        (url,) = re.findall(r'from "(/[^"]*dialog[^"]*)"', importer)
        bundle = runtime.get(url)
        (chunk, *_) = re.findall(r'from "(/[^"]*/deps/chunk-[^"]*)"|from "\./(chunk-[^"]*)"', bundle.body)
        part = runtime.get(chunk[0] or f"{url.rpartition('/')[0]}/{chunk[1]}")
        source_map = runtime.get(url.partition("?")[0] + ".map")
        for answer in (bundle, part, source_map):
            assert answer.status == 200
            assert str(built.catalogue.parent) not in answer.body
            assert str(mounted.session) not in answer.body
        assert str(built.catalogue.parent) not in importer


@needs_root
def test_a_container_that_is_restarted_finds_its_volume_as_it_left_it_and_serves_what_it_is_sent(
    built: Image, mounted: Volumes
) -> None:
    before = mounted.session.stat()
    with pod(built, mounted) as killed:
        killed.put({**FILES, "src/Old.tsx": "export default 1\n"})
        killed.process.kill()
        killed.process.wait(END_S)
    with pod(built, mounted) as runtime:
        assert not list(mounted.session.rglob("Old.tsx"))
        assert runtime.status()["revision"] == 0
        assert runtime.put(FILES).diagnostics == []
        assert runtime.control("GET", "/readyz").status == 200
    after = mounted.session.stat()
    assert (after.st_ino, after.st_mode, after.st_uid) == (before.st_ino, before.st_mode, before.st_uid)


@pytest.mark.parametrize("bound", ["*", "0.0.0.0", "::", "127.0.0.1", "::1"])  # noqa: S104 -- what pods are bound to
def test_g08_both_ports_answer_on_every_family_that_they_are_bound_to(start: Start, bound: str) -> None:
    machine = _loopbacks()
    if ":" in bound and socket.AF_INET6 not in dict(machine):
        pytest.skip("this machine has no IPv6")
    expected = {
        "0.0.0.0": ["127.0.0.1"],  # noqa: S104 -- as above
        "127.0.0.1": ["127.0.0.1"],
        "::1": ["::1"],
    }.get(bound, [address for _, address in machine])
    with_host = start(KP_PREVIEW_HOST=bound, KP_CONTROL_HOST=bound) if bound != "::1" else None
    runtime = with_host or start(KP_PREVIEW_HOST=bound)
    runtime.put(FILES)
    assert runtime.control("GET", "/readyz").status == 200
    for address in expected:
        assert _ask(address, runtime.preview_port, "/", runtime.host) == 200
        if with_host:
            assert _ask(address, runtime.control_port, "/healthz", "10.0.0.7:9001") == 200
    for _, address in machine:
        if address not in expected:
            with pytest.raises(OSError, match="refused"):
                _ask(address, runtime.preview_port, "/", runtime.host)


def test_the_kubelet_hears_that_it_lives_while_a_first_tree_compiles(start: Start) -> None:
    runtime = start()
    answered = 0
    with ThreadPoolExecutor(1) as pool:
        pushed = pool.submit(runtime.put, CATALOGUED)
        while not pushed.done():
            assert _ask("127.0.0.1", runtime.control_port, "/healthz", "anything.example") == 200
            answered += not pushed.done()
            time.sleep(0.02)
    assert pushed.result().diagnostics == []
    assert answered > 1


def test_g27_sigterm_ends_it_with_all_sockets_open_and_tells_observers_to_come_back(start: Start) -> None:
    runtime = start(KP_KEEP_STDIN="1")
    runtime.put(FILES)
    idle = HTTPConnection("127.0.0.1", runtime.preview_port, timeout=5)
    idle.request("GET", "/", headers={"Host": runtime.host})
    idle.getresponse().read()
    page, _ = runtime.upgrade(Sec_WebSocket_Protocol="vite-hmr")
    silent, _ = runtime.upgrade(Origin=CALLER)  # an observer that never answers a close
    with observe(runtime) as observer:
        observer.recv(timeout=1)
        runtime.process.terminate()
        with pytest.raises(ConnectionClosed):
            observer.recv(timeout=END_S)
        assert observer.close_code == 1012
        assert runtime.process.wait(END_S) == 0
    for connection in (idle, page, silent):
        connection.close()


def test_sigterm_does_not_wait_for_a_tree_that_compiles(start: Start) -> None:
    runtime = start(KP_KEEP_STDIN="1")
    waiting = HTTPConnection("127.0.0.1", runtime.control_port, timeout=10)
    headers = {"Authorization": f"Bearer {runtime.token}"}
    waiting.request("PUT", "/v1/files", json.dumps(whole_tree(CATALOGUED, 1)), headers)
    while not (runtime.folder / "files/src/frontend/src/App.tsx").exists():
        time.sleep(0.01)
    runtime.process.terminate()
    assert runtime.process.wait(END_S) == 0
    waiting.close()


def test_its_children_end_with_it(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    pid = runtime.process.pid
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    assert children, "esbuild runs in a process of its own"
    runtime.process.terminate()
    runtime.process.wait(END_S)
    deadline = time.monotonic() + END_S
    while any(Path(f"/proc/{child}/exe").exists() for child in children):
        assert time.monotonic() < deadline, "a child is still there"
        time.sleep(0.01)


def _failed_start(runtime: Runtime, log: Path) -> tuple[int, str, str]:
    """Exit status, standard error, termination message."""
    process = runtime.spawn()
    _, errors = process.communicate(timeout=20)
    return process.returncode, errors, log.read_text()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"KP_PUBLIC_URL": ""}, "KP_PUBLIC_URL is not set"),
        ({"KP_CONTROL_PORT": "http"}, "KP_CONTROL_PORT must be a whole number"),
        ({"KP_CONTROL_PORT": "%busy%"}, "EADDRINUSE listen"),
        ({"KP_SESSION_DIR": "/proc"}, "KP_SESSION_DIR holds files that are no session's"),
        ({"KP_SESSION_DIR": "/proc/nothing"}, "ENOENT scandir"),
    ],
)
def test_a_start_that_fails_says_why_in_one_line_and_in_the_pods_status(
    installation: Installation, tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    log = tmp_path / "termination-log"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = str(taken.getsockname()[1])
        given = {name: value.replace("%busy%", busy) for name, value in settings.items()}
        given["KP_TERMINATION_LOG"] = str(log)
        runtime = Runtime(
            list(installation.command), installation.catalogue, tmp_path / "session", settings=given, token="t0ken"
        )
        status, errors, message = _failed_start(runtime, log)
    assert status == 1
    assert message == f"the runtime does not start: {reason}"
    (line,) = errors.splitlines()
    assert json.loads(line)["reason"] == reason
    for secret in (str(tmp_path), str(installation.app), "t0ken", runtime.host):
        assert secret not in errors + message


def test_a_dependency_profile_that_the_image_lacks_is_named_and_nothing_crashes(start: Start) -> None:
    runtime = start(KP_CATALOGUE_DIR="/catalogue/nowhere")
    outcome = runtime.put(FILES)
    reason = 'the image of this runtime has no dependency profile "nowhere"'
    assert [found.message for found in outcome.diagnostics] == [reason]
    status = runtime.status()
    assert status["phase"] == "Failed"
    assert status["lastError"]["message"] == reason
    assert runtime.process.poll() is None


def test_g38_what_session_code_prints_stays_out_of_the_logs(start: Start) -> None:
    runtime = start()
    config = "console.log('swordfish'); console.error('swordfish'); module.exports = { content: ['./src/**/*.tsx'] }"
    assert runtime.put({**FILES, "tailwind.config.js": config}).diagnostics == []
    runtime.process.terminate()
    output, errors = runtime.process.communicate(timeout=END_S)
    assert "swordfish" not in output + errors
