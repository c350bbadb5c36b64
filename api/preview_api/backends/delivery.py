"""How files reach a runtime: a patch when it is where we think it is, the whole tree when it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from preview_api.backends.base import Snapshot
from preview_core.client import PUSH_SECONDS, RevisionMismatch, RuntimeAway, RuntimeClient
from preview_core.delivery import put_message
from preview_core.filetree import diff, to_wire
from preview_core.layout import layout
from preview_core.wire import Hmr, HmrKind, Outcome, PatchFiles

# Each refusal of a whole tree means that another sender was faster with a newer one.
HYDRATIONS = 3


def patch_message(base: Snapshot, new: Snapshot) -> PatchFiles:
    """What turns `base` into `new`."""
    change = diff(base.tree, new.tree)
    return PatchFiles(
        base_revision=base.record.revision,
        base_digest=base.record.digest,
        revision=new.record.revision,
        digest=new.record.digest,
        layout=layout(new.tree),
        put=[to_wire(file) for file in change.put],
        delete=list(change.delete),
    )


async def hydrate(client: RuntimeClient, snapshot: Snapshot, within: float = PUSH_SECONDS) -> Outcome:
    """Gives the runtime everything, `within` seconds. Raises what the client raises."""
    # 64 MiB of files take half a second to turn into a message.
    record = snapshot.record
    message = await asyncio.to_thread(put_message, snapshot.tree, record.revision, record.digest)
    return await client.put(message, within)


async def deliver(
    client: RuntimeClient, base: Snapshot, new: Snapshot, newest: Callable[[], Awaitable[Snapshot]]
) -> Outcome:
    """Brings the runtime from `base` to `new`, or from wherever it is to `newest()`. Raises what the client raises."""
    try:
        return await client.patch(patch_message(base, new))
    except RevisionMismatch as found:
        mismatch = found
    for _ in range(HYDRATIONS):
        snapshot = await newest()
        if (mismatch.revision, mismatch.digest) == (snapshot.record.revision, snapshot.record.digest):
            # It started meanwhile, or another sender was faster, with these files: its pages have them already.
            return silent(snapshot)
        try:
            return await hydrate(client, snapshot)
        except RevisionMismatch as found:
            # It is ahead of what was just read, so there is something newer to read.
            mismatch = found
    raise RuntimeAway("the runtime stayed ahead of the files that could be read") from mismatch


def silent(snapshot: Snapshot) -> Outcome:
    """The outcome of a delivery that had nothing to do."""
    return Outcome(
        revision=snapshot.record.revision,
        digest=snapshot.record.digest,
        hmr=Hmr(kind=HmrKind.NONE, modules=[], duration_ms=0),
        diagnostics=[],
    )
