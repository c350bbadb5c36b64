"""What the analysis predicts of the cases of contract section 6 is what the runtime does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from _pytest.mark import ParameterSet
from tests.runtime.harness import Runtime
from tests.unit.analysis.cases import CASES
from tests.unit.analysis.project import FILES, ROOT, levels

from preview_api.backends.local.installation import Installation
from preview_core.levels import Level
from preview_core.wire import HmrKind, Layout

# Neither an installation, which wants a registry, nor what the runtime never gets.
EMITTED = {
    Level.NOOP: HmrKind.NONE,
    Level.CSS: HmrKind.CSS,
    Level.REFRESH: HmrKind.UPDATE,
    Level.REMOUNT: HmrKind.UPDATE,
    Level.RELOAD: HmrKind.FULL_RELOAD,
    Level.RESTART: HmrKind.RESTART,
    Level.HOLD: HmrKind.ERROR,
}
LAYOUT = Layout(root="src/frontend", entry="src/index.tsx", index="project")
SHOWN = {path.removeprefix(ROOT): text for path, text in FILES.items() if path.startswith(ROOT)}
# A manifest that is no JSON is held back by nobody: no module is made of it, the runtime goes by the last good one. And
# where Tailwind had read a file that is gone, the stylesheets come again as they were.
OTHERWISE = {"14 invalid", "22 deleted, unused"}


def _is_here(case: ParameterSet) -> bool:
    files, level, _ = cast("tuple[dict[str, str | None], str, str]", case.values)
    return level in EMITTED and all(name.startswith(ROOT) for name in files) and case.id not in OTHERWISE


@pytest.fixture(scope="module")
def runtime(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """One for all cases: each begins with the project as it was."""
    with Runtime(list(installation.command), installation.catalogue, tmp_path_factory.mktemp("served")) as runtime:
        yield runtime


@pytest.mark.parametrize(("files", "level", "change_type"), [case for case in CASES if _is_here(case)])
def test_what_is_predicted_is_what_vite_emits(
    runtime: Runtime, files: dict[str, str | None], level: str, change_type: str
) -> None:
    assert runtime.put(SHOWN, LAYOUT).diagnostics == []
    named = {name.removeprefix(ROOT): text for name, text in files.items()}
    outcome = runtime.patch(
        {name: text for name, text in named.items() if text is not None},
        tuple(name for name, text in named.items() if text is None),
    )
    assert levels(files) == [level]
    assert outcome.hmr.kind == EMITTED[Level(level)], outcome.diagnostics
