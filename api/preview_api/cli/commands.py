"""The commands and their options."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from preview_api.cli import check, project, pushed, remote, stored
from preview_api.cli import up as local
from preview_api.cli.folders import cache_folder, state_folder
from preview_api.cli.output import CommandError, Output, note, notes, print_json, print_line, results
from preview_api.settings import LOCAL_ORIGINS
from preview_core.logs import configure

STATE_FOLDER, CACHE_FOLDER = state_folder(), cache_folder()

P = ParamSpec("P")
T = TypeVar("T")

app = typer.Typer(
    name="kontext-preview",
    help="Live Vite previews of a set of files, on this machine or on a cluster.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

StateDir = Annotated[
    Path,
    typer.Option("--state-dir", envvar="KONTEXT_PREVIEW_STATE_DIR", help="Where sessions are kept."),
]
CacheDir = Annotated[
    Path,
    typer.Option("--cache-dir", envvar="KONTEXT_PREVIEW_CACHE_DIR", help="Where the runtime is installed."),
]
Catalogue = Annotated[
    Path | None,
    typer.Option(
        "--catalogue",
        envvar="KONTEXT_PREVIEW_CATALOGUE",
        exists=True,
        file_okay=False,
        help="A folder with the package.json of what every preview finds installed, instead of the usual set.",
    ),
]
Url = Annotated[
    str | None,
    typer.Option("--url", envvar="KONTEXT_PREVIEW_URL", help="Another server than the one of the state folder."),
]
Format = Annotated[Output, typer.Option("--output", "-o", help="text, or one JSON value per line.")]

Host = Annotated[str | None, typer.Option("--host", help="An address to serve on, instead of all.")]

DEMO = "demo"  # no folder has this as its absolute path
WARNING = "[yellow]Previews run their project's code with your rights: serve only projects that you trust.[/yellow]"


def _reported(command: Callable[P, T]) -> Callable[P, T]:
    """Prints a CommandError instead of a traceback."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except CommandError as error:
            notes.print(f"error: {error}", style="red", soft_wrap=True, markup=False)
            raise typer.Exit(1) from error

    return wrapped


@app.command()
@_reported
def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8080,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    state_dir: StateDir = STATE_FOLDER,
    cache_dir: CacheDir = CACHE_FOLDER,
    catalogue: Catalogue = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(help="A page that may call the API and show previews; repeatable.", metavar="URL"),
    ] = None,
    max_processes: Annotated[int, typer.Option(min=1, help="Previews that run at the same time.")] = 20,
    warm: Annotated[
        int,
        typer.Option(
            min=0, envvar="KONTEXT_PREVIEW_WARM", help="Processes that wait for a create, about 150 MB each; 0: none."
        ),
    ] = 2,
    demo: Annotated[bool, typer.Option("--demo", help="Also make the demo session and print its URL.")] = False,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
    output: Format = Output.TEXT,
) -> None:
    """Serve the API until stopped. Sessions are kept for the next time."""
    local.refuse_cluster()
    configure(log_level)
    listening = local.listen(host, port)
    store = local.open_store(state_dir)
    serving = local.Serving(
        host=host,
        port=port,
        state=state_dir,
        cache=cache_dir,
        origins=tuple(_origin(url) for url in allow_origin or LOCAL_ORIGINS),
        max_processes=max_processes,
        warm=warm,
    )
    note(WARNING)
    installation = _installed(cache_dir, catalogue)

    def started(url: str) -> None:
        made = _make_demo(remote.Remote(url), state_dir) if demo else None
        if output is Output.JSON:
            shown = {"demo": {key: made[key] for key in ("sessionId", "previewUrl")}} if made else {}
            print_json({"url": url, "stateDir": str(state_dir), **shown})
            return
        print_line(f"Serving on [bold]{url}[/bold] (documentation: {url}/docs)")
        if made:
            print_line(f"Demo preview: [bold]{made['previewUrl']}[/bold]")
        sys.stdout.flush()

    local.run(serving, installation, store, listening, started)


@app.command()
@_reported
def serve(host: Host = None) -> None:
    """Serve the API of a cluster, configured by KONTEXT_… variables."""
    # Imported late, here and below: a cluster's client takes longer to load than most commands run.
    from preview_api.cli import serve as cluster

    settings = cluster.settings_of(os.environ)
    configure(settings.log_level)
    cluster.run_api(settings, cluster.listen(host, settings.port))


@app.command()
@_reported
def waker(host: Host = None) -> None:
    """Answer for a cluster's previews that have no pod, and wake those that are suspended."""
    from preview_api.cli import serve as cluster

    settings = cluster.settings_of(os.environ)
    configure(settings.log_level)
    cluster.run_waker(settings, cluster.listen(host, settings.port))


@app.command("check")
@_reported
def check_installation(
    url: Annotated[str, typer.Argument(envvar="KONTEXT_PREVIEW_URL", metavar="URL", help="Of the API.")],
    at: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Where to ask for the preview, with {id} in the place of the session's id, if not at its own URL.",
        ),
    ] = None,
    patience: Annotated[float, typer.Option(min=1, help="Seconds for all of it.")] = check.PATIENCE_S,
    output: Format = Output.TEXT,
) -> None:
    """See whether an installation works: make a session, wait for its page, change it, end it."""

    def told(step: check.Step) -> None:
        if output is Output.JSON:
            print_json({"step": step.name, "ms": round(step.seconds * 1000)})
        else:
            print_line(f"{step.name} in {step.seconds:.2f} s")

    check.run(remote.Remote(url.rstrip("/")), at, told, patience)


@app.command()
@_reported
def install(cache_dir: CacheDir = CACHE_FOLDER, catalogue: Catalogue = None, output: Format = Output.TEXT) -> None:
    """Install the runtime and the packages that every preview finds, without serving."""
    installation = _installed(cache_dir, catalogue)
    if output is Output.JSON:
        print_json({"app": str(installation.app), "catalogue": str(installation.catalogue)})
    else:
        print_line(f"Installed in {installation.app.parent}")


@app.command()
@_reported
def demo(state_dir: StateDir = STATE_FOLDER, url: Url = None, output: Format = Output.TEXT) -> None:
    """Make a session from the sample project and print its URL."""
    made = _make_demo(remote.find(state_dir, url), state_dir)
    if output is Output.JSON:
        print_json(made)
    else:
        print_line(made["previewUrl"])


@app.command()
@_reported
def push(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, metavar="DIR")],
    watch: Annotated[bool, typer.Option("--watch", help="Go on with every change.")] = False,
    state_dir: StateDir = STATE_FOLDER,
    url: Url = None,
    output: Format = Output.TEXT,
) -> None:
    """Preview a folder: the first push creates its session, later ones update it."""
    server = remote.find(state_dir, url)
    _push_once(server, folder, state_dir, output)
    if watch:
        _push_changes(server, folder, state_dir, output)


@app.command("ls")
@_reported
def list_sessions(state_dir: StateDir = STATE_FOLDER, output: Format = Output.TEXT) -> None:
    """Show the sessions of the state folder, whether a server runs or not."""
    rows = stored.live(state_dir)
    if output is Output.JSON:
        for row in rows:
            print_json(row)
        return
    table = Table("SESSION", "REVISION", "LAST USED", "EXPIRES", "URL", box=None, header_style="bold")
    table.columns[0].no_wrap = table.columns[4].no_wrap = True
    for row in rows:
        times = (_time(row["lastActivityAt"]), _time(row["expiresAt"]))
        table.add_row(row["sessionId"], str(row["revision"]), *times, row["previewUrl"])
    results.print(table, soft_wrap=True)


@app.command("rm")
@_reported
def remove(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID…")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every session of the state folder.")] = False,
    state_dir: StateDir = STATE_FOLDER,
    output: Format = Output.TEXT,
) -> None:
    """End sessions and delete their files."""
    wanted = [row["sessionId"] for row in stored.live(state_dir)] if everything else ids or []
    if not wanted and not everything:
        raise CommandError("which sessions? Name their ids, or --all")
    server = remote.running(state_dir)
    missing = 0
    for session_id in wanted:
        done = _close(server, state_dir, session_id)
        missing += not done
        if output is Output.JSON:
            print_json({"sessionId": session_id, "removed": done})
        else:
            print_line(f"{session_id} {'removed' if done else 'is not known'}")
    if missing:
        raise typer.Exit(1)


def _close(server: remote.Remote | None, state: Path, session_id: str) -> bool:
    if server is None:
        return stored.close(state, session_id)
    try:
        server.close(session_id)
    except remote.SessionGone:
        return False
    return True


def _installed(cache: Path, catalogue: Path | None) -> Any:
    with notes.status("Preparing the runtime") as status:

        def progress(text: str) -> None:
            # A log file shows no spinner.
            status.update(text)
            if not notes.is_terminal:
                note(text)

        return local.install(cache, catalogue, progress)


def _make_demo(server: remote.Remote, state: Path) -> dict[str, Any]:
    """The demo is one session, however often it is asked for; after an end it is a new one."""
    with resources.as_file(resources.files("preview_api") / "sample") as folder:
        sample = project.read(folder)
    known = pushed.recall(state, DEMO)
    made = server.create([found.sent() for found in sample.files], known.session_id)
    known.session_id = made["sessionId"]
    pushed.remember(state, DEMO, known)
    return made


def _push_once(server: remote.Remote, folder: Path, state: Path, output: Output) -> None:
    known = pushed.recall(state, pushed.folder_key(folder))
    with notes.status(escape(f"Reading {folder}")):
        found = project.read(folder)
    for name in found.skipped:
        note(f"[yellow]left out:[/yellow] {escape(name)}")
    with notes.status(f"Sending {len(found.files)} files"):
        result = pushed.push(server, found, known)
    pushed.remember(state, pushed.folder_key(folder), known)
    _show_push(result, output)


def _show_push(result: pushed.Pushed, output: Output) -> None:
    if output is Output.JSON:
        print_json(result.answer if result.answer is not None else {"success": True, "updated": []})
        return
    answer = result.answer
    if answer is None:
        print_line("Nothing changed")
    elif result.created:
        _show_warnings(answer)
        print_line(f"{result.sent} files: [bold]{answer['previewUrl']}[/bold]")
    else:
        _show_warnings(answer)
        for refused in answer["rejected"]:
            note(f"[yellow]rejected:[/yellow] {escape(refused['name'])} ({refused['reason']})")
        for diagnostic in answer["diagnostics"]:
            place = escape(f"{diagnostic['path'] or ''}:{diagnostic['line'] or ''}")
            note(f"[red]{place}[/red] {escape(diagnostic['message'])}")
        hmr = answer["hmr"]
        print_line(f"{len(answer['updated'])} changed, {hmr['kind']} in {hmr['durationMs']:.0f} ms")


def _show_warnings(answer: dict[str, Any]) -> None:
    for warning in answer["warnings"]:
        note(f"[yellow]{warning['code']}:[/yellow] {escape(warning['message'])} {escape(warning['path'] or '')}")


def _push_changes(server: remote.Remote, folder: Path, state: Path, output: Output) -> None:
    from watchfiles import Change, watch

    def is_wanted(_change: Change, path: str) -> bool:
        return not project.is_skipped(Path(path).relative_to(folder.resolve()).as_posix())

    note(escape(f"Watching {folder}, Ctrl-C to stop"))
    for _ in watch(folder.resolve(), watch_filter=is_wanted, raise_interrupt=False):
        if not folder.is_dir():
            # Moved or removed: that is no wish to delete every file of the preview.
            raise CommandError(f"{folder} is gone; the preview keeps its last files")
        try:
            _push_once(server, folder, state, output)
        except CommandError as error:
            # The next save may be the fix; what was not taken is sent with it.
            note(f"[red]error:[/red] {escape(str(error))}")


def _origin(url: str) -> str:
    """An origin as browsers send it. Raises CommandError for anything else: it would silently never match."""
    scheme, separator, rest = url.rstrip("/").partition("://")
    if not separator or scheme not in ("http", "https") or not rest or set(rest) & set("/?#@ ,*"):
        raise CommandError(f"{url} is not an origin such as https://kontext.build or http://localhost:5173")
    return f"{scheme}://{rest.lower()}"


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
