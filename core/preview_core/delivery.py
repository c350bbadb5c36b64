"""A whole tree as the message that gives it to a runtime."""

from __future__ import annotations

from preview_core.filetree import FileTree, to_wire
from preview_core.layout import layout
from preview_core.wire import PutFiles


def put_message(tree: FileTree, revision: int, digest: str) -> PutFiles:
    """The whole visible tree. 64 MiB of files take half a second: call it off the event loop."""
    return PutFiles(
        revision=revision,
        digest=digest,
        layout=layout(tree),
        files=[to_wire(file) for file in tree.visible().values()],
    )
