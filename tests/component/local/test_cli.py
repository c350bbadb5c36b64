"""The commands as a person types them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.component.local.harness import CLI, MODULE, PROJECT, Page, Server, cli, environment, eventually

from preview_api.backends.local.installation import Installation


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    for name, content in PROJECT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def test_demo_push_ls_and_rm(server: Server, folder: Path) -> None:
    state = ("--state-dir", str(server.state))
    demo = json.loads(cli("demo", *state, "-o", "json").stdout)
    assert cli("demo", *state).stdout.strip() == demo["previewUrl"]
    server.ready(demo["sessionId"])
    page = Page(demo["previewUrl"])
    assert "Meridian" in page.text()
    assert "tabular-nums" in page.text("/src/styles.css")

    created = json.loads(cli("push", str(folder), *state, "-o", "json").stdout)
    server.ready(created["sessionId"])
    assert "Nothing changed" in cli("push", str(folder), *state).stdout
    (folder / "src/frontend/src/App.tsx").write_text("export default () => <i>pushed</i>")
    (folder / "src/frontend/src/extra.ts").write_text("")
    updated = json.loads(cli("push", str(folder), *state, "-o", "json").stdout)
    assert sorted(updated["updated"]) == ["src/frontend/src/App.tsx", "src/frontend/src/extra.ts"]
    (folder / "src/frontend/src/extra.ts").unlink()
    assert json.loads(cli("push", str(folder), *state, "-o", "json").stdout)["updated"] == ["src/frontend/src/extra.ts"]
    assert "pushed" in Page(created["previewUrl"]).text(MODULE)

    listed = [json.loads(line)["sessionId"] for line in cli("ls", *state, "-o", "json").stdout.splitlines()]
    assert {demo["sessionId"], created["sessionId"]} <= set(listed)
    assert created["previewUrl"] in cli("ls", *state).stdout

    assert cli("rm", created["sessionId"], *state).returncode == 0
    assert server.status(created["sessionId"])["code"] == "SESSION_EXPIRED"
    assert cli("rm", "nonsense", *state).returncode == 1
    assert cli("rm", *state).returncode == 1
    again = json.loads(cli("push", str(folder), *state, "-o", "json").stdout)
    assert again["sessionId"] != created["sessionId"]


def test_push_watch_sends_every_change(server: Server, folder: Path) -> None:
    command = [*CLI, "push", str(folder), "--watch", "--state-dir", str(server.state), "-o", "json"]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        session = json.loads(process.stdout.readline())
        page = Page(session["previewUrl"])
        server.ready(session["sessionId"])
        assert "Watching" in process.stderr.readline()
        count = iter(range(1000))

        def edited() -> str:
            # Repeated: the watch may begin a moment after it was announced.
            (folder / "src/frontend/src/App.tsx").write_text(f"export default () => <i>watched {next(count)}</i>")
            return page.text(MODULE)

        eventually(edited, lambda text: "watched" in text)
        process.terminate()


def test_push_shows_a_projects_own_text_as_it_is(server: Server, folder: Path) -> None:
    state = ("--state-dir", str(server.state))
    cli("push", str(folder), *state)
    (folder / "src/frontend/src/App.tsx").write_text("const re = /[/]/\nexport default () => <b>{re}</i>\n")
    pushed = cli("push", str(folder), *state)
    assert pushed.returncode == 0, pushed.stderr
    assert "/[/]/" in pushed.stderr


def test_push_watch_outlives_a_refusal_and_ends_when_the_folder_goes(server: Server, folder: Path) -> None:
    command = [*CLI, "push", str(folder), "--watch", "--state-dir", str(server.state)]
    log = folder.with_name("watch.log")
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment(), stdout=out, stderr=subprocess.STDOUT)
    try:
        (folder / "D:").mkdir()
        count = iter(range(1000))

        def after_saving(name: str) -> str:
            # Repeated: the watch may begin a moment after it was announced.
            if "Watching" in log.read_text():
                (folder / name).write_text(f"export default {next(count)}")
            return log.read_text()

        eventually(lambda: after_saving("D:/z.ts"), lambda text: "error:" in text)
        (folder / "D:/z.ts").unlink()
        eventually(lambda: after_saving("src/frontend/src/more.ts"), lambda text: "1 changed" in text)
        folder.rename(folder.with_name("moved"))
        assert process.wait(20) == 1
        assert "keeps its last files" in log.read_text()
    finally:
        process.kill()
        process.wait()


def test_rm_all_works_without_a_server(installation: Installation, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Server(state) as server:
        session = server.create()
    assert session["sessionId"] in cli("ls", "--state-dir", str(state)).stdout
    assert cli("rm", "--all", "--state-dir", str(state)).returncode == 0
    assert cli("ls", "--state-dir", str(state), "-o", "json").stdout == ""
    with Server(state) as server:
        assert server.status(session["sessionId"])["code"] == "SESSION_EXPIRED"


def test_up_with_demo_prints_its_preview(installation: Installation, tmp_path: Path) -> None:
    with Server(tmp_path / "state", "--demo") as server:
        demo = server.started["demo"]
        server.ready(demo["sessionId"])
        assert "Meridian" in Page(demo["previewUrl"]).text()
    # The demo is one session, however often the server starts.
    with Server(tmp_path / "state", "--demo") as server:
        assert server.started["demo"] == demo


def test_up_says_that_it_runs_foreign_code(server: Server) -> None:
    assert "with your rights" in server.log.read_text()


@pytest.mark.parametrize(
    ("arguments", "more", "text"),
    [
        ((), {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "refuses to run inside a cluster"),
        (("--host", "0.0.0.0"), {}, "only the loopback interface"),  # noqa: S104 - it is refused
        (("--allow-origin", "*"), {}, "is not an origin"),
        (("--allow-origin", "https://a.example/path"), {}, "is not an origin"),
        ((), {"PATH": "/nowhere"}, "Node.js 20.19"),
    ],
)
def test_up_refuses_with_a_reason(tmp_path: Path, arguments: tuple[str, ...], more: dict[str, str], text: str) -> None:
    result = cli("up", "--port", "0", "--state-dir", str(tmp_path / "state"), *arguments, **more)
    assert result.returncode == 1
    assert text in result.stderr
    assert "Traceback" not in result.stderr


def test_a_second_server_is_told_of_the_first(server: Server) -> None:
    result = cli("up", "--port", "0", "--state-dir", str(server.state))
    assert result.returncode == 1
    assert server.started["url"] in result.stderr
    port = server.started["url"].rpartition(":")[2]
    taken = cli("up", "--port", port, "--state-dir", str(server.state) + "-other")
    assert taken.returncode == 1
    assert "choose another with --port" in taken.stderr


def test_commands_without_a_server_say_so(tmp_path: Path) -> None:
    for command in (("demo",), ("push", str(tmp_path))):
        result = cli(*command, "--state-dir", str(tmp_path / "state"))
        assert result.returncode == 1
        assert "kontext-preview up" in result.stderr


def test_install_reports_where(installation: Installation) -> None:
    assert json.loads(cli("install", "-o", "json").stdout)["catalogue"] == str(installation.catalogue)


def test_the_help_names_every_command() -> None:
    result = cli("--help")
    assert all(name in result.stdout for name in ("up", "demo", "push", "ls", "rm", "install"))
