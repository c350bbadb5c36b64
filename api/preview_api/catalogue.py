"""What every session finds installed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
# In an installed package, and in a checkout.
_LOCKS = tuple(
    folder / "catalogue" / "package-lock.json" for folder in (_HERE / "_runtime", _HERE.parents[1] / "runtime")
)
_FOLDER = "node_modules/"


@cache
def packages() -> Mapping[str, str]:
    """Package -> version, of the catalogue that comes with this version. Raises OSError when it is not there."""
    lock = json.loads(next((path for path in _LOCKS if path.exists()), _LOCKS[0]).read_text())
    entries = {path.removeprefix(_FOLDER): entry for path, entry in lock["packages"].items() if path}
    # A package inside of another's folder is that one's alone.
    return {name: entry["version"] for name, entry in entries.items() if _FOLDER not in name}
