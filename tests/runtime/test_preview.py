"""The preview's own port: the page, its headers, its hosts, its sockets."""

from __future__ import annotations

import json
import socket
import time

import pytest
from tests.runtime.conftest import Start
from tests.runtime.harness import CALLER, Runtime
from tests.runtime.project import APP, FILES
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol


def observe(runtime: Runtime, origin: str = CALLER) -> ClientConnection:
    connection = socket.create_connection(("127.0.0.1", runtime.preview_port), timeout=2)
    return connect(f"ws://{runtime.host}/hmr", sock=connection, origin=Origin(origin), open_timeout=2)


def test_the_page_is_synthesised_when_the_project_has_none(served: Runtime) -> None:
    page = served.get("/", accept="text/html")
    assert page.status == 200
    assert '<div id="root"></div>' in page.body
    assert 'src="/src/index.tsx"' in page.body


def test_a_route_of_the_app_gets_the_page_and_a_missing_file_is_404(served: Runtime) -> None:
    assert served.get("/orders/7", accept="text/html").status == 200
    assert served.get("/src/Missing.tsx").status == 404


def test_g09_before_it_is_ready_a_page_reloads_itself_and_a_module_is_503(start: Start) -> None:
    runtime = start()
    page = runtime.get("/", accept="text/html")
    assert page.status == 200
    assert 'http-equiv="refresh"' in page.body
    module = runtime.get("/src/index.tsx")
    assert (module.status, module.headers["retry-after"]) == (503, "1")
    assert runtime.control("GET", "/readyz").status == 503


def test_g09_ready_means_that_page_client_entry_css_and_socket_answer(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    assert runtime.control("GET", "/readyz").status == 200
    assert runtime.get("/", accept="text/html").headers["content-type"].startswith("text/html")
    for url in ("/@vite/client", "/src/index.tsx", "/src/styles.css"):
        answer = runtime.get(url)
        assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, "text/javascript")
        assert "@tailwind" not in answer.body


@pytest.mark.parametrize(
    "config",
    [
        "module.exports = { plugins: {} }",
        "export default { plugins: { autoprefixer: {} } }",
        "module.exports = { plugins: [require('tailwindcss'), require('autoprefixer')] }",
        "module.exports = { plugins: [require('tailwindcss')('./tailwind.config.js')] }",
        "export default { plugins: { tailwindcss: {}, autoprefixer: {} } }",
    ],
)
def test_g09_tailwind_runs_whatever_the_postcss_config_looks_like(start: Start, config: str) -> None:
    runtime = start()
    runtime.put({**FILES, "postcss.config.js": config})
    assert runtime.control("GET", "/readyz").status == 200
    assert "padding: 0.5rem" in runtime.get("/src/styles.css").body


@pytest.mark.parametrize("path", ["/", "/src/App.tsx", "/src/Missing.tsx", "/@vite/client"])
def test_g31_every_answer_may_be_framed_by_exactly_the_allowed_origins(served: Runtime, path: str) -> None:
    headers = served.get(path).headers
    assert "x-frame-options" not in headers
    assert headers["content-security-policy"] == f"frame-ancestors {CALLER}"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers


def test_g31_behind_https_the_client_is_told_wss_and_the_public_port(start: Start) -> None:
    runtime = start(public_url="https://preview-aaaaaaaaaaaaaaaaaaaaaaaaaa.previews.example/")
    runtime.put(FILES)
    client = runtime.get("/@vite/client").body
    assert '"wss"' in client
    assert "443" in client


def test_g31_the_default_port_may_stand_in_the_host_or_not(start: Start) -> None:
    runtime = start(public_url="https://preview-aaaaaaaaaaaaaaaaaaaaaaaaaa.previews.example/")
    runtime.put(FILES)
    for port, status in (("", 200), (":443", 200), (":80", 200), (":8443", 403)):
        assert runtime.get("/", host=runtime.host + port).status == status


def test_g32_what_a_proxy_claims_of_the_host_does_not_count(served: Runtime) -> None:
    forwarded = {"X-Forwarded-Host": served.host, "X-Forwarded-Proto": "https", "Forwarded": f"host={served.host}"}
    assert served.get("/", host="evil.example", **forwarded).status == 403
    forwarded = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    page = served.get("/", **forwarded)
    assert page.status == 200
    assert "evil.example" not in page.body


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "evil.example", "preview-b.localhost:4999", ""])
def test_g32_other_hosts_are_403(served: Runtime, host: str) -> None:
    assert served.get("/", host=host).status == 403


def test_g38_no_answer_names_a_folder_of_the_machine(start: Start) -> None:
    runtime = start()
    runtime.put({**FILES, "src/App.tsx": "import x from './nowhere'\nexport default () => x\n"})
    paths = (
        "/",
        "/src/index.tsx",
        "/src/App.tsx",
        "/src/components/Title.tsx",
        "/src/styles.css",
        "/@fs/etc/passwd",
        "/%ff",
    )
    for path in paths:
        assert str(runtime.folder) not in runtime.get(path).body, path
    assert str(runtime.folder) not in json.dumps(runtime.status())


@pytest.mark.parametrize(
    "path",
    [
        "/@fs/etc/passwd",
        "/@fs/etc/passwd?raw",
        "/@fs/etc/passwd?import&raw??",
        "/@fs//etc/passwd?url",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/@fs/etc/passwd?.svg?.wasm?init",
        "/src/../../../../../etc/passwd?raw",
        "/.env",
        "/.env?raw",
        "/.kontext-preview/deps/_metadata.json",
        "/.kontext-preview/deps/_metadata.json?raw",
        "/.kontext-preview-tailwind-1.cjs",
    ],
)
def test_files_outside_the_project_and_secrets_are_not_served(start: Start, path: str) -> None:
    runtime = start()
    runtime.put({**FILES, ".env": "SECRET_KEY=swordfish\n"})
    answer = runtime.get(path)
    assert "root:" not in answer.body
    assert "swordfish" not in answer.body
    assert "node_modules" not in answer.body


def test_the_editor_is_not_opened(served: Runtime) -> None:
    assert served.get("/__open-in-editor?file=src/App.tsx").status == 404


def test_g12_an_observer_is_greeted_and_hears_updates_as_text(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    with observe(runtime) as observer:
        greeting = observer.recv(timeout=1)
        assert isinstance(greeting, str)
        assert json.loads(greeting) == {"type": "connected"}
        runtime.patch({"src/App.tsx": APP.replace("p-2", "p-3")})
        frame = observer.recv(timeout=5)
        assert isinstance(frame, str)
        assert json.loads(frame)["type"] == "update"


def test_an_observer_hears_an_error_with_its_message(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    with observe(runtime) as observer:
        observer.recv(timeout=1)
        runtime.patch({"src/App.tsx": "broken <"})
        frame = json.loads(observer.recv(timeout=5))
        assert frame["type"] == "error"
        assert frame["error"] == frame["err"]["message"]
        assert str(runtime.folder) not in json.dumps(frame)


def test_an_observer_survives_a_restart_of_the_dev_server(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    with observe(runtime) as observer:
        observer.recv(timeout=1)
        runtime.patch({".env": "VITE_A=1\n"})
        runtime.patch({"src/App.tsx": APP.replace("p-2", "p-3")})
        assert [json.loads(observer.recv(timeout=5))["type"] for _ in range(2)] == ["full-reload", "update"]


def test_g28_a_close_without_a_status_is_answered_with_1000(served: Runtime) -> None:
    connection, answer = served.upgrade(Origin=CALLER)
    with connection:
        assert b" 101 " in answer.splitlines()[0]
        connection.sendall(bytes([0x88, 0x80, 0, 0, 0, 0]))  # a masked close frame without a body
        received = answer.split(b"\r\n\r\n", 1)[1]
        while bytes([0x88, 0x02, 0x03, 0xE8]) not in received:  # close, two bytes, 1000
            more = connection.recv(1024)
            assert more, "the socket ended without a 1000"
            received += more


def test_an_end_of_the_process_is_1012_and_an_end_of_the_session_1000(start: Start) -> None:
    for path, code in (("/v1/shutdown", 1012), ("/v1/shutdown?ended=true", 1000)):
        runtime = start()
        with observe(runtime) as observer:
            observer.recv(timeout=1)
            runtime.control("POST", path)
            with pytest.raises(ConnectionClosed):
                observer.recv(timeout=5)
            assert observer.close_code == code


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/hmr", {}, 400),
        ("/hmr", {"Origin": "https://evil.example"}, 403),
        ("/hmr", {"Origin": CALLER, "Sec_WebSocket_Protocol": "vite-hmr"}, 400),
        ("/hmr?token=wrong", {"Origin": CALLER, "Sec_WebSocket_Protocol": "vite-hmr"}, 400),
        ("/hmr", {"Origin": CALLER, "Sec_WebSocket_Protocol": "vite-hmr, vite-ping"}, 400),
        ("/hmr", {"Origin": CALLER, "Sec_WebSocket_Protocol": "other"}, 400),
        ("/", {"Origin": CALLER}, 404),
        ("/socket.io", {"Origin": CALLER}, 404),
        ("/hmr", {"Origin": CALLER, "Sec_WebSocket_Key": "short"}, 400),
        ("/hmr", {"Origin": CALLER, "Sec_WebSocket_Version": "9"}, 400),
        ("/hmr", {"Origin": CALLER, "Upgrade": "h2c"}, 400),
        ("/hmr", {"Origin": CALLER, "Host": "evil.example"}, 403),
        ("/hmr", {"Origin": CALLER}, 101),
        ("/hmr", {"Sec_WebSocket_Protocol": "vite-hmr"}, 101),
        ("/hmr", {"Sec_WebSocket_Protocol": "vite-ping"}, 101),
    ],
)
def test_g11_no_upgrade_stays_unanswered(served: Runtime, path: str, headers: dict[str, str], status: int) -> None:
    connection, answer = served.upgrade(path, **headers)
    connection.close()
    assert answer.split(b" ", 2)[1] == str(status).encode()


def test_g11_an_upgrade_before_the_dev_server_serves_is_answered_too(start: Start) -> None:
    connection, answer = start().upgrade(Sec_WebSocket_Protocol="vite-ping")
    connection.close()
    assert b" 503 " in answer.splitlines()[0]


def test_an_observer_who_comes_later_hears_of_the_error_that_stands_and_of_none_that_was_mended(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)
    runtime.patch({"src/App.tsx": "broken <"})
    runtime.patch({"src/styles.css": FILES["src/styles.css"] + ".x { color: red }"})
    with observe(runtime) as observer:
        assert [json.loads(observer.recv(timeout=2))["type"] for _ in range(2)] == ["connected", "error"]
    assert runtime.patch({"src/App.tsx": APP, ".env": "VITE_A=1\n"}).hmr.kind == "restart"
    with observe(runtime) as observer:
        assert json.loads(observer.recv(timeout=2)) == {"type": "connected"}
        with pytest.raises(TimeoutError):
            observer.recv(timeout=0.5)


def test_a_page_that_fails_to_load_is_told_and_one_that_shows_a_good_state_is_not(start: Start) -> None:
    runtime = start()
    runtime.put(FILES)

    def page() -> ClientConnection:
        connection = socket.create_connection(("127.0.0.1", runtime.preview_port), timeout=2)
        return connect(f"ws://{runtime.host}/hmr", sock=connection, subprotocols=[Subprotocol("vite-hmr")])

    with page() as good:
        assert json.loads(good.recv(timeout=2)) == {"type": "connected"}
        time.sleep(5.1)  # the runtime takes an error within five seconds of a page's socket for that page's
        runtime.patch({"src/App.tsx": "broken <"})
        assert runtime.get("/src/App.tsx").status == 500
        with page() as failing:
            assert [json.loads(failing.recv(timeout=2))["type"] for _ in range(2)] == ["connected", "error"]
        with pytest.raises(TimeoutError):
            good.recv(timeout=0.5)
