"""package.json: whether what it asks for is there already."""

from __future__ import annotations

import json
from collections.abc import Mapping

import nodesemver

# The later wins, as for the runtime: what a package needs to run is more than what it needs to be built.
_FIELDS = ("optionalDependencies", "peerDependencies", "devDependencies", "dependencies")


def dependencies(content: bytes) -> dict[str, str]:
    """name -> range as written. Raises ValueError for what is no JSON object."""
    manifest = json.loads(content.decode())
    if not isinstance(manifest, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 (what is wrong is the text)
    fields = [entries for field in _FIELDS if isinstance(entries := manifest.get(field), dict)]
    return {name: wanted for entries in fields for name, wanted in entries.items() if isinstance(wanted, str)}


def wanted(old: Mapping[str, str], new: Mapping[str, str], installed: Mapping[str, str]) -> list[str]:
    """The packages that `new` asks for, that are not there in a version that it takes, and that `old` did not ask for
    just so. `installed`: name -> version, or the range that was installed for."""
    changed = (name for name, range_ in new.items() if old.get(name) != range_)
    return sorted(name for name in changed if not _satisfies(installed.get(name), new[name]))


def _satisfies(version: str | None, range_: str) -> bool:
    if version is None:
        return False
    if version == range_ or range_.strip() in {"", "*", "latest", "x"}:
        return True
    try:
        return bool(nodesemver.satisfies(version, range_, loose=True))
    except ValueError:
        return False  # a tag, an address, or a mistake: only the registry knows
