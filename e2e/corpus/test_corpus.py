"""Every project of the corpus: on screen without a complaint of the browser, and through its edits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from e2e.browser.caller import Caller
from e2e.corpus import projects
from e2e.corpus.play import Player
from e2e.corpus.project import Project
from e2e.corpus.results import property_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _parameter(project: Project) -> object:
    marks = [] if project.cluster else [pytest.mark.local_only]
    return pytest.param(project, marks=marks, id=project.name)


@pytest.mark.parametrize("project", [_parameter(project) for project in projects.ALL])
async def test_g14_a_project_is_painted_without_a_complaint_and_takes_its_edits(
    project: Project, caller: Caller, record_property: Callable[[str, object], None]
) -> None:
    record_property(*property_of(await Player(project, caller).play()))
