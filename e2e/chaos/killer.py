"""Who dies: a random pod of a random kind, at random times, without a word; sessions fall asleep meanwhile."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from e2e.cluster.installed import Installed
from e2e.cluster.kubectl import KubectlFailed

# Between two kills: on average one in four seconds, so that most fall into the recovery from an earlier one.
SHORTEST_S, LONGEST_S = 2.0, 6.0
# Sessions die more often than the rest: there are more of them.
WEIGHTS = {"session": 4, "api": 2, "operator": 2, "waker": 1, "sleep": 3}


@dataclass
class Killer:
    """`kills` by kind, `last` the monotonic time of the newest one."""

    cluster: Installed
    dice: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    last: float = 0.0

    async def run(self, seconds: float) -> None:
        """For so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(self.dice.uniform(SHORTEST_S, LONGEST_S))
            kind = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            if kind == "sleep":
                await asyncio.to_thread(self._put_to_sleep)
            else:
                await asyncio.to_thread(self._kill, kind)

    def _put_to_sleep(self) -> None:
        """A session that somebody owns, as if nobody had used it: its pod goes, until a visit or a call."""
        listed = self.cluster.kubectl.json("get", "previewsessions", "-n", self.cluster.sessions)["items"]
        owned = [one["metadata"]["name"] for one in listed if "owner" in one["spec"] and "ended" not in one["spec"]]
        if not owned:
            return
        patch = json.dumps({"spec": {"suspended": True}})
        name = self.dice.choice(owned)
        try:
            self.cluster.kubectl(
                "patch", "previewsession", name, "-n", self.cluster.sessions, "--type=merge", f"--patch={patch}"
            )
        except KubectlFailed:
            return  # it ended between the two calls
        self.kills["sleep"] += 1
        self.last = time.monotonic()

    def _kill(self, kind: str) -> None:
        namespace = self.cluster.sessions if kind in ("session", "waker") else self.cluster.namespace
        label = "preview.coinnation.io/part=pod" if kind == "session" else f"app.kubernetes.io/component={kind}"
        listed = self.cluster.kubectl("get", "pods", "-n", namespace, f"--selector={label}", "-o", "name").split()
        if not listed:
            return
        victim = self.dice.choice(listed)
        try:
            self.cluster.kubectl("delete", "-n", namespace, victim, "--grace-period=0", "--force", "--wait=false")
        except KubectlFailed:
            return  # it went by itself between the two calls
        self.kills[kind] += 1
        self.last = time.monotonic()
