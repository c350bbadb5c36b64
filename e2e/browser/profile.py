"""Browser profiles by what they do with cookies. `test_cookies.py` proves that they do it."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path

from playwright.async_api import BrowserContext, Playwright

from e2e import chromium

# `profile.default_content_setting_values.cookies`: 2 is CONTENT_SETTING_BLOCK. It blocks every kind of storage as well.
_BLOCK = 2
# `profile.cookie_controls_mode`: 1 is "block third-party cookies", 0 is off.
_THIRD_PARTY_OFF, _THIRD_PARTY_BLOCKED = 0, 1


class Cookies(StrEnum):
    """What a profile does with cookies."""

    ALLOWED = "cookies-allowed"  # only as the control of the probe
    NO_THIRD_PARTY = "no-third-party-cookies"
    NONE = "no-cookies"


def preferences(cookies: Cookies) -> dict[str, object]:
    """Chromium's `Preferences` for a new profile."""
    mode = _THIRD_PARTY_OFF if cookies is Cookies.ALLOWED else _THIRD_PARTY_BLOCKED
    settings: dict[str, object] = {"cookie_controls_mode": mode, "block_third_party_cookies": mode == 1}
    if cookies is Cookies.NONE:
        settings["default_content_setting_values"] = {"cookies": _BLOCK}
    return {"profile": settings}


async def launch(playwright: Playwright, folder: Path, cookies: Cookies, *arguments: str) -> BrowserContext:
    """A browser with a new profile in `folder`. Preferences are read once, at start: they are written before."""
    default = folder / "Default"
    default.mkdir(parents=True)
    (default / "Preferences").write_text(json.dumps(preferences(cookies)))
    context = await playwright.chromium.launch_persistent_context(
        folder,
        executable_path=chromium.executable(),
        args=[*chromium.ARGUMENTS, *arguments],
        ignore_https_errors="--ignore-certificate-errors" in arguments,
        viewport={"width": 1000, "height": 700},
    )
    context.set_default_timeout(10_000)
    return context
