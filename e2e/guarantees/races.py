"""What must be true of many creates at a time that want the same few sessions: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Answered:
    """A create, and the session that it was answered in the end. `retries`: how often it was sent again before."""

    number: int
    session_id: str
    retries: int = 0


def faults(
    creates: int, answered: Iterable[Answered], sessions: Collection[Json], waiting: Collection[str]
) -> list[str]:
    """What is wrong, a line each. `sessions`: all objects there are now, `waiting`: ids that waited before."""
    told = Counter(one.session_id for one in answered)
    found = {str(one["metadata"]["name"]): one for one in sessions}
    owned = {name for name, one in found.items() if _owner(one) and "ended" not in one["spec"]}
    lines = [f"{creates - told.total()} creates were not answered"] if told.total() != creates else []
    lines += [f"a session was answered to {times} creates" for times in told.values() if times > 1]
    lines += ["an answered session is not there" for name in told if name not in found]
    lines += ["an answered session has no owner, or has ended" for name in told if name in found and name not in owned]
    lines += [f"a session of {_owner(found[name])} was answered to nobody" for name in owned - set(told)]
    lines += ["a session that waited is gone" for name in waiting if name not in found]
    lines += ["a session was taken and says that it waits" for name in owned if _label(found[name]) == "waiting"]
    return lines


def _owner(session: Json) -> str:
    return str(session["spec"].get("owner") or "")


def _label(session: Json) -> str:
    return str((session["metadata"].get("labels") or {}).get("preview.coinnation.io/warm", ""))
