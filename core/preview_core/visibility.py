"""Which files of a tree are stored for the caller but never shown to Vite."""

from __future__ import annotations

BACKEND = "src/backend/"

_LOCKFILES = frozenset(
    {
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "bun.lockb",
        "deno.lock",
    }
)


def ignored_reason(path: str) -> str | None:
    """`backend`, `candid` or `lockfile` for a tree path that Vite never sees; None when it is visible.

    The generated `.did.js` and `.did.d.ts` are source code of the front end, so they are visible.
    """
    name = path.rpartition("/")[2].lower()
    if path.startswith(BACKEND) or name in {"dfx.json", "mops.toml"} or name.endswith((".mo", ".wasm")):
        return "backend"
    if name.endswith(".did"):
        return "candid"
    return "lockfile" if name in _LOCKFILES else None
