"""docs/corpus.md: what the corpus is, and what its last run took."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence

from e2e.corpus import projects, public
from e2e.corpus.play import Played
from e2e.corpus.table import markdown, rows
from e2e.modules import CHECKOUT

PATH = CHECKOUT / "docs" / "corpus.md"

_INTRODUCTION = """\
# The corpus

Projects in the shapes that callers send, each shown in a real browser and edited while it is used
(`pytest e2e/corpus`, part of `make test`; the marked ones run on a cluster too). A project passes when its first paint
has no failed request and no error in the console (G14), everything that it says about its screen holds, each edit is on
screen without the loss of what was clicked and typed (where the edit allows that), and no error overlay was ever shown.

A project is a value of `e2e/corpus/project.py` in a module of `e2e/corpus/projects/`: files as the caller sends them,
what must be on screen, and steps, each an update or something that a user does. A new shape that fails is best reported
as a new project.
"""

_PUBLIC = """\
## An application that nobody here wrote

`{name}` {version} from the npm registry: {what}.
Its source is fetched when the test runs, checked by its hash, and never becomes part of this repository. See
`e2e/corpus/public.py`.
"""

_FIGURES = """\
## Figures

{date}, {machine}.
First paint is from the call of the create to the first element of the app, an edit from the call
of the update to its effect in the page, both seen by the browser. The machine does other things meanwhile: the figures
show that nothing stands out, they are no benchmark (that is [performance.md](performance.md)).
`config-*` are the twelve combinations of G18.
"""


def write(played: Sequence[Played]) -> None:
    """Write the document."""
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    failed = {one.name for one in projects.ALL} - {one.name for one in played}
    parts = [
        _INTRODUCTION,
        _PUBLIC.format(name=public.NAME, version=public.VERSION, what=public.WHAT),
        _FIGURES.format(date=date, machine=machine),
        "\n".join(markdown(rows(played))) + "\n",
    ]
    if failed:
        parts.append(
            "Without figures (not in this run, or not passed in it): "
            + ", ".join(f"`{name}`" for name in sorted(failed))
            + ".\n"
        )
    PATH.write_text("\n".join(parts))
