"""Where the pinned packages are: Vite and its plugin, and the catalogue that the projects import from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Modules:
    """`runtime` holds vite and @vitejs/plugin-react, `catalogue` what projects may import: two node_modules folders."""

    runtime: Path
    catalogue: Path


def installed() -> Modules:
    """The folders of the runtime's installation. FileNotFoundError says what to run."""
    found = Modules(CHECKOUT / "runtime/node_modules", CHECKOUT / "runtime/catalogue/node_modules")
    if not (found.runtime / "vite").is_dir() or not (found.catalogue / "react").is_dir():
        raise FileNotFoundError("The session runtime is not installed: run `kontext-preview install`.")
    return found
