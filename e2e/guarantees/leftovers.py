"""What many interrupted creates may leave beside the sessions themselves, and what not: pure.

Two objects come with a session: the index of its files, and its slot in the quota of its owner. A create takes the
slot first and writes the files last, so one that is killed leaves a slot too many, which is pruned when its owner needs
it, or a session without files, which the operator removes. Sessions that were answered have both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from preview_core.objects import names

Json = Mapping[str, Any]


def leftovers(
    answered: Collection[str], sessions: Collection[Json], config_maps: Collection[Json], interrupted: int
) -> list[str]:
    """What is wrong, a line each. `answered`: ids that creates were told, `interrupted`: how many tries of a create had
    no answer or a refusal. `sessions` and `config_maps`: all that there are now, the sessions of these creates only."""
    owners = {_name(one): str(one["spec"].get("owner") or "") for one in sessions if "ended" not in one["spec"]}
    owned = {name: owner for name, owner in owners.items() if owner}
    stored = {_label(one, names.SESSION_LABEL) for one in config_maps if _label(one, names.PART_LABEL) == names.FILES}
    slots = _slots(config_maps, set(owned.values()))
    spare = sum(names.quota_name(owned.get(name, "")) != quota for quota, name in slots)
    lines = ["an answered session has no files" for name in answered if name not in stored]
    lines += ["a session without files was answered to nobody" for name in owned.keys() - stored - set(answered)]
    lines += ["files of a session that nobody owns" for name in stored & (owners.keys() - owned.keys())]
    lines += [
        "a session has no slot in its owner's quota"
        for name, owner in owned.items()
        if (names.quota_name(owner), name) not in slots
    ]
    # Each try writes one slot at most that it does not give back.
    lines += [f"{spare} slots of no session, of {interrupted} interrupted tries"] if spare > interrupted else []
    return lines


def _slots(config_maps: Collection[Json], owners: Collection[str]) -> set[tuple[str, str]]:
    """Name of the quota and id of the session, of these owners."""
    theirs = {names.quota_name(owner) for owner in owners}
    return {(_name(one), session) for one in config_maps if _name(one) in theirs for session in one.get("data") or {}}


def _name(found: Json) -> str:
    return str(found["metadata"]["name"])


def _label(found: Json, label: str) -> str:
    return str((found["metadata"].get("labels") or {}).get(label, ""))
