"""How many sessions wait for an owner, and which are made and given up: pure, from the objects that there are.

Nothing is remembered between two plans, so a pass after a killed one makes what that one did not get to, and no more.
Whoever takes a waiting session takes it out of here by one write; giving one up compares with that very object.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from preview_core.resources.conditions import ConditionType, Phase
from preview_core.resources.runtime import PreviewRuntime
from preview_operator.members import Member, lacking

# As many wait as were created in the busiest minute of the last five: the next such minute finds one for each. It rises
# at once, and five quiet minutes lie between two classes of an hour, not between two prompts.
WINDOW_MS = 60_000
LOOK_BACK_MS = 5 * 60_000
# Warm sessions that start at the same time: each is a start of Vite and two seconds of a core somewhere. At two to
# three seconds each this is also the rate of a refill, 1.5 per second.
AT_ONCE = 4
# A node that starts fifty pods needs a minute. A broken image makes every one of them fail: a new one every two minutes
# finds out when that is over.
USELESS_MS = 120_000
# Nothing tells that time has passed.
LOOK_MS = 10_000

_STARTS = frozenset({None, Phase.PENDING, Phase.STARTING, Phase.WARM})


@dataclass(frozen=True)
class GiveUp:
    """Remove a waiting session, unless somebody has written to it since: it may have an owner by now."""

    session_id: str
    uid: str
    resource_version: str
    why: str  # outdated, failed, superfluous


@dataclass(frozen=True)
class Pool:
    """`warm` exist, `ready` of them can be taken at once; `create` so many, look again after `again_ms`."""

    desired: int = 0
    warm: int = 0
    ready: int = 0
    create: int = 0
    give_up: tuple[GiveUp, ...] = ()
    again_ms: int | None = None


def plan(runtime: PreviewRuntime | None, revision: str, members: Iterable[Member], now: int) -> Pool:
    """`revision` is that of a pod that were made now; `now` in epoch milliseconds. Without a runtime nobody waits."""
    members = list(members)
    waiting = [member for member in members if member.waits]
    stale = [(member, why) for member in waiting if (why := _staleness(member, revision, now))]
    good = [member for member in waiting if all(member is not one for one, _ in stale)]
    desired = _desired(runtime, members, now)
    surplus, kept = _split(good, desired)
    return Pool(
        desired=desired,
        warm=len(waiting),
        ready=sum(map(_is_ready, good)),
        create=_missing(desired, kept, members),
        give_up=tuple(_give_up(member, why) for member, why in (*stale, *((one, "superfluous") for one in surplus))),
        again_ms=LOOK_MS if waiting or desired else None,
    )


def busiest_minute(times: Iterable[int], now: int) -> int:
    """The most that lie within WINDOW_MS of each other, of those within the last LOOK_BACK_MS."""
    recent = sorted(at for at in times if at > now - LOOK_BACK_MS)
    most = first = 0
    for last, at in enumerate(recent):
        while at - recent[first] >= WINDOW_MS:
            first += 1
        most = max(most, last - first + 1)
    return most


def _desired(runtime: PreviewRuntime | None, members: Sequence[Member], now: int) -> int:
    if runtime is None or runtime.spec.faults():
        return 0
    minimum, maximum = runtime.spec.warm.bounds
    if minimum == 0:
        return 0  # not asked for
    claimed = (member.session.spec.claimed_at for member in members)
    wanted = min(max(minimum, busiest_minute((at for at in claimed if at is not None), now)), maximum)
    taken = sum(len(member.pods) for member in members if not member.waits)
    # What sessions with an owner have and want comes first.
    return max(0, min(wanted, runtime.spec.limits.pods - taken - len(lacking(members))))


def _staleness(member: Member, revision: str, now: int) -> str:
    """Why it is of no use to anybody; empty: it is, or will be."""
    if any(pod.runtime_revision != revision for pod in member.pods if pod.alive):
        return "outdated"
    status = member.session.status
    serving = [one.last_transition_time for one in status.conditions if one.type == ConditionType.SERVING]
    # Not since its creation: one that misses a probe after an hour is as good as before a second later.
    if status.phase in (Phase.FAILED, Phase.STARTING) and serving and now - serving[0] >= USELESS_MS:
        return "failed"
    return ""


def _split(good: Sequence[Member], desired: int) -> tuple[list[Member], list[Member]]:
    """Too many, and the rest. What has cost least goes first: what still starts, and of that the youngest."""
    costly = sorted(good, key=lambda one: (not _is_ready(one), one.session.metadata.creation_timestamp or 0))
    return costly[desired:], costly[:desired]


def _missing(desired: int, kept: Sequence[Member], members: Sequence[Member]) -> int:
    """How many to make now. Sessions with an owner that start use up the places first, all but one: whoever creates
    without a pause must not keep the pool empty for ever."""
    starting = sum(not _is_ready(member) for member in kept)
    claimed = sum(
        member.is_live
        and member.session.spec.owner is not None
        and not member.session.spec.suspended
        and member.session.status.phase in _STARTS
        for member in members
    )
    places = max(1, AT_ONCE - claimed) - starting
    return max(0, min(desired - len(kept), places))


def _is_ready(member: Member) -> bool:
    return member.session.status.phase is Phase.WARM


def _give_up(member: Member, why: str) -> GiveUp:
    metadata = member.session.metadata
    return GiveUp(metadata.name, metadata.uid, metadata.resource_version, why)
