"""How files reach a runtime: a patch when it is where we think it is, the whole tree when it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from preview_api.backends.base import Snapshot
from preview_core.client import RevisionMismatch, RuntimeClient
from preview_core.filetree import diff, to_wire
from preview_core.layout import layout
from preview_core.wire import Hmr, HmrKind, Outcome, PatchFiles, PutFiles


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


def put_message(snapshot: Snapshot) -> PutFiles:
    """The whole visible tree."""
    return PutFiles(
        revision=snapshot.record.revision,
        digest=snapshot.record.digest,
        layout=layout(snapshot.tree),
        files=[to_wire(file) for file in snapshot.tree.visible().values()],
    )


async def hydrate(client: RuntimeClient, snapshot: Snapshot) -> Outcome:
    """Gives the runtime everything. Raises what the client raises."""
    # 64 MiB of files take half a second to turn into a message.
    return await client.put(await asyncio.to_thread(put_message, snapshot))


async def deliver(
    client: RuntimeClient, base: Snapshot, new: Snapshot, newest: Callable[[], Awaitable[Snapshot]]
) -> Outcome:
    """Brings the runtime from `base` to `new`, or from wherever it is to `newest()`. Raises what the client raises."""
    try:
        return await client.patch(patch_message(base, new))
    except RevisionMismatch as found:
        snapshot = await newest()
        if (found.revision, found.digest) == (snapshot.record.revision, snapshot.record.digest):
            # It started meanwhile, with these files: its pages have them already.
            return silent(snapshot)
        return await hydrate(client, snapshot)


def silent(snapshot: Snapshot) -> Outcome:
    """The outcome of a delivery that had nothing to do."""
    return Outcome(
        revision=snapshot.record.revision,
        digest=snapshot.record.digest,
        hmr=Hmr(kind=HmrKind.NONE, modules=[], duration_ms=0),
        diagnostics=[],
    )
