"""The runtime's installation, as `kontext-preview install` makes it: the tests and the bench use the product's own."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import platformdirs

from preview_api.backends.local.installation import Installation, ensure

CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Modules:
    """`runtime` holds vite and @vitejs/plugin-react, `catalogue` what projects may import: two node_modules folders."""

    runtime: Path
    catalogue: Path


@cache
def installation() -> Installation:
    """The installation, made now if it is not there. Raises InstallationFailed."""
    return ensure(platformdirs.user_cache_path("kontext-preview"), lambda step: print(step, file=sys.stderr))


def installed() -> Modules:
    """Where its packages are."""
    home = installation()
    return Modules(home.app.parent / "node_modules", home.catalogue / "node_modules")
