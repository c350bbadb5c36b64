"""The browser: Debian's Chromium, driven by Playwright, so that nothing has to be downloaded."""

from __future__ import annotations

import os
import shutil

ARGUMENTS = (
    "--no-sandbox",  # tests run as root in containers, where the sandbox cannot start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Nothing but the pages under test may talk to the network or take CPU time while something is measured.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable() -> str:
    """Path of Chromium: `KONTEXT_CHROMIUM`, else the first on PATH. LookupError says how to get one."""
    configured = os.environ.get("KONTEXT_CHROMIUM")
    found = configured or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise LookupError("No Chromium: install Debian's package `chromium`, or set KONTEXT_CHROMIUM to its path.")
    return found
