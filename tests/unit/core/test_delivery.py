from __future__ import annotations

from preview_core.delivery import put_message
from preview_core.filetree import File, FileTree


def test_a_whole_tree_is_sent_without_what_vite_does_not_see() -> None:
    tree = FileTree(
        [
            File("src/frontend/src/index.tsx", b"export {}\n"),
            File("src/frontend/public/logo.png", b"\x89PNG\xff"),
            File("src/backend/src/main.mo", b"actor {}"),
        ]
    )
    message = put_message(tree, 7, tree.digest)
    assert (message.revision, message.digest) == (7, tree.digest)
    assert {file.path: file.encoding for file in message.files} == {
        "src/frontend/src/index.tsx": "utf-8",
        "src/frontend/public/logo.png": "base64",
    }
    assert (message.layout.root, message.layout.entry) == ("src/frontend", "src/index.tsx")
