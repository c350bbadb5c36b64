"""python -m e2e.bench.analysis: what it takes to predict an update of a large project (issue: 300 files, 10 MB).

Beside it stands a bare parse of what it has to read at least: of one file the new content, of all files all of it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from rich.console import Console

from e2e.bench.table import table
from preview_api import catalogue
from preview_core.analysis import analyse
from preview_core.analysis.syntax import module
from preview_core.batch import Batch, Incoming, apply
from preview_core.filetree import File, FileTree

FILES = 300
# Rows of dense JSX: 34 KB a file.
ROWS = 240
ONE, ALL = 60, 5
OURS, PARSE = "analysis", "bare parse"

_ROW = (
    '      <div className="p-{n} flex items-center gap-2" key="{row}"><span>Row {row} of {at}</span>'
    "<button onClick={{() => setA(a + {row})}}>Go</button></div>"
)


def component(at: int) -> str:
    """One of the chain of components."""
    rows = "\n".join(_ROW.format(n=row % 9, row=row, at=at) for row in range(ROWS))
    more = at + 1 < FILES
    return (
        "import { useState } from 'react';\n"
        + (f"import C{at + 1} from './C{at + 1}';\n" if more else "")
        + f"\nexport default function C{at}() {{\n  const [a, setA] = useState(0);\n  return (\n    <section>\n{rows}\n"
        + (f"      <C{at + 1} />\n" if more else "")
        + "    </section>\n  );\n}\n"
    )


def project() -> dict[str, str]:
    """Path -> text."""
    entry = "import { createRoot } from 'react-dom/client';\nimport C0 from './C0';\n\n"
    entry += "createRoot(document.getElementById('root')!).render(<C0 />);\n"
    components = {f"src/frontend/src/C{at}.tsx": component(at) for at in range(FILES)}
    return {**components, "src/frontend/src/index.tsx": entry}


def main() -> int:
    """Prints one table."""
    files = project()
    tree = FileTree(File(path, text.encode()) for path, text in files.items())
    _ = tree.digest  # as whoever holds the tree has computed it
    cold = _milliseconds(lambda: _analyse(_edited(tree, files, ["src/frontend/src/C0.tsx"], "first")))
    ones = [[f"src/frontend/src/C{at}.tsx"] for at in range(1, ONE + 1)]
    samples = {
        "1 of 300 files, the first time": {OURS: [cold], PARSE: [_parse(tree, tree)]},
        "1 of 300 files": {
            OURS: [_timed(_edited(tree, files, paths, "one")) for paths in ones],
            PARSE: [_parse(tree, paths) for paths in ones],
        },
        "300 of 300 files": {
            OURS: [_timed(_edited(tree, files, list(files), f"all {n}")) for n in range(ALL)],
            PARSE: [_parse(tree, tree) for _ in range(ALL)],
        },
    }
    size = sum(map(len, files.values())) / 1e6
    Console(width=120).print(f"{size:.1f} MB in {len(files)} files, load {os.getloadavg()[0]:.1f}")
    Console(width=120).print(table(samples, (OURS, PARSE), PARSE))
    return 0


def _edited(tree: FileTree, files: dict[str, str], paths: Iterable[str], word: str) -> Batch:
    return apply(tree, [Incoming(path, files[path].replace("Row 7 ", f"{word} 7 ")) for path in paths])


def _analyse(batch: Batch) -> dict[str, Any]:
    found = analyse(batch.tree, batch.changes, catalogue.packages())
    if {change["level"] for change in found["changes"]} - {"refresh", "noop"}:
        raise RuntimeError(f"an edited text is no more than a refresh: {found['changes'][:3]}")
    return found


def _timed(batch: Batch) -> float:
    return _milliseconds(lambda: _analyse(batch))


def _parse(tree: FileTree, paths: Iterable[str]) -> float:
    return _milliseconds(lambda: [module(path, tree[path].content) for path in paths])


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    sys.exit(main())
