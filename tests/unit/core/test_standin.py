"""The stand-in is what nearly all projects are, and needs nothing that is not there."""

from __future__ import annotations

import json
from pathlib import Path

from preview_core import standin
from preview_core.layout import layout
from preview_core.wire import Layout

CATALOGUE = Path(__file__).parents[3] / "runtime/catalogue/package.json"


def test_its_layout_is_that_of_nearly_all_projects() -> None:
    assert layout(standin.tree()) == Layout(root="src/frontend", entry="src/index.tsx", index="synthesised")


def test_all_that_it_depends_on_is_in_the_catalogue() -> None:
    manifest = json.loads(standin.tree()["src/frontend/package.json"].content)
    wanted = {**manifest["dependencies"], **manifest["devDependencies"]}
    assert set(wanted) <= set(json.loads(CATALOGUE.read_text())["dependencies"])


def test_all_of_it_is_shown_to_vite() -> None:
    assert standin.tree().visible() == standin.tree()
