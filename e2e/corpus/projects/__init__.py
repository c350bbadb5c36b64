"""The projects: each module of this folder holds a few of one kind, as `PROJECTS`."""

from __future__ import annotations

import importlib
import pkgutil

from e2e.corpus.project import Project


def _all() -> tuple[Project, ...]:
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return tuple(project for module in modules for project in module.PROJECTS)


ALL = _all()
