"""G19, for the process of a session alone: as a container runs it, and started again on what it left."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.runtime.harness import Runtime, whole_tree
from tests.runtime.project import FILES

from preview_api.backends.local.installation import Installation

CONFIG = "tailwind.config.js"
HARMLESS = "module.exports = { content: ['./src/**/*.tsx'] }\n"
LOOP = "for (;;) { try { for (;;); } finally { continue } }"
WAIT = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);"
CHILD = "require('node:child_process').execSync('sleep 600; :');"
HEAP = "for (const all = []; ;) all.push(new Array(1e5).fill(all.length + 0.5));"
END_S = 20

# Number 1 of a pid namespace, as the first process of a container: no signal from inside ends it.
FIRST = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
as_first = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root makes a pid namespace"
)


def made(installation: Installation, folder: Path, *before: str) -> Runtime:
    return Runtime([*before, *installation.command], installation.catalogue, folder, settings={"KP_KEEP_STDIN": "1"})


def ends(runtime: Runtime, config: str) -> None:
    """Sends a tree with that config, which the process does not survive."""
    with pytest.raises(ConnectionError):
        runtime.control("PUT", "/v1/files", whole_tree({**FILES, CONFIG: config}, 1))
    runtime.process.wait(END_S)


@as_first
@pytest.mark.parametrize("act", [LOOP, WAIT, CHILD, HEAP], ids=["loop", "wait", "child", "heap"])
def test_g19_the_first_process_of_a_container_ends_and_its_successor_leaves_the_config_out(
    installation: Installation, tmp_path: Path, act: str
) -> None:
    bad = act + HARMLESS
    with made(installation, tmp_path, *FIRST) as runtime:
        ends(runtime, bad)
    with made(installation, tmp_path, *FIRST) as runtime:
        [found] = runtime.put({**FILES, CONFIG: bad}).diagnostics
        assert found.path == f"src/frontend/{CONFIG}"
        assert found.message.startswith(f"{CONFIG} ended the preview's process")
        status = runtime.status()
        assert (status["phase"], status["lastError"]["message"]) == ("Ready", found.message)
        assert "--tw" in runtime.get("/src/styles.css").body
        assert runtime.patch({CONFIG: HARMLESS}).diagnostics == []
        assert runtime.status()["lastError"] is None


def test_g19_what_a_config_imports_counts_with_it(installation: Installation, tmp_path: Path) -> None:
    importing = {CONFIG: f"require('./theme.js'); {HARMLESS}", "theme.js": "process._kill(process.pid, 9)\n"}
    with made(installation, tmp_path) as runtime, pytest.raises(ConnectionError):
        runtime.control("PUT", "/v1/files", whole_tree({**FILES, **importing}, 1))
    with made(installation, tmp_path) as runtime:
        assert len(runtime.put({**FILES, **importing}).diagnostics) == 1
        assert runtime.patch({"theme.js": "module.exports = 1\n"}).diagnostics == []


def test_g19_a_healthy_config_is_not_blamed_for_a_process_that_was_killed_once(
    installation: Installation, tmp_path: Path
) -> None:
    with made(installation, tmp_path) as runtime:
        assert runtime.put({**FILES, CONFIG: HARMLESS}).diagnostics == []
        runtime.process.kill()
        runtime.process.wait(END_S)
    with made(installation, tmp_path) as runtime:
        assert runtime.put({**FILES, CONFIG: HARMLESS}).diagnostics == []


def test_a_large_project_is_not_taken_for_a_loop(installation: Installation, tmp_path: Path) -> None:
    words = " ".join(f"p-[{n}px] text-[{n}px]" for n in range(60))
    body = f'<p className="{words}">text</p>' * 10
    names = [f"Part{n}" for n in range(300)]
    files = {
        **FILES,
        CONFIG: HARMLESS,
        **{f"src/{name}.tsx": f"export default () => <>{body}</>\n" for name in names},
        "src/App.tsx": "".join(f"import {name} from './{name}'\n" for name in names)
        + f"export default () => <>{''.join(f'<{name} />' for name in names)}</>\n",
    }
    with made(installation, tmp_path) as runtime:
        assert runtime.put(files).diagnostics == []
        assert runtime.status()["phase"] == "Ready"
