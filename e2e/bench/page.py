"""A page of the bench: it notes itself when something has appeared, so that no polling from outside is in a figure.

Times are epoch milliseconds of the page's own clock (`performance.timeOrigin + performance.now()`). On one machine that
is the clock that `time.time()` reads: it is compared with the wall clock at each first paint.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import BrowserContext, ConsoleMessage, Page
from playwright.sync_api import TimeoutError as NotShownError

from e2e.bench.project import Edit

# A cold dependency bundle on two busy cores takes 5-8 s: beyond this something is broken, not slow.
TIMEOUT_MS = 60_000
# Twenty times the slowest update seen.
UPDATE_TIMEOUT_MS = 15_000
# Clocks further apart than this would show in a figure of 50 ms.
MAX_SKEW_MS = 5.0

_PROBE = """
(() => {
  if (window.top !== window) return;
  const now = () => performance.timeOrigin + performance.now();
  const tell = (kind, id) => console.debug(`bench ${kind} ${id} ${now()}`);
  let checks = [];
  const check = () => { checks = checks.filter((one) => !one()); };
  // Mutations show text at once; a computed style is looked at after each mutation and before each frame.
  new MutationObserver(check).observe(document, {
    subtree: true, childList: true, characterData: true, attributes: true,
  });
  const frame = () => { check(); requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  const afterPaint = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = then;
    channel.port2.postMessage(null);
  });
  checks.push(() => {
    const root = document.getElementById('root');
    if (!root || !root.firstElementChild || !root.textContent.trim()) return false;
    afterPaint(() => tell('painted', 0));
    return true;
  });
  window.benchClock = () => now() - Date.now();
  window.benchWatch = (id, selectors, style, value) => {
    const shown = () => selectors.every((selector) => {
      const element = document.querySelector(selector);
      return element && (style ? getComputedStyle(element)[style] : element.textContent) === value;
    });
    if (shown()) return false;
    checks.push(() => { if (!shown()) return false; tell('shown', id); return true; });
    return true;
  };
})();
"""


class NeverShown(Exception):
    """An update that did not reach the page."""


class BenchPage:
    """One open page, and the two waits of the bench."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._watches = 0

    def first_paint(self, begin: Callable[[], str]) -> float:
        """`begin` creates the session and returns its URL; milliseconds from its start until `#root` was painted."""
        with self.page.expect_console_message(_is("painted", 0), timeout=TIMEOUT_MS) as message:
            began = time.time()
            self.page.goto(begin(), wait_until="commit", timeout=TIMEOUT_MS)
        self._check_clock()
        return _at(message.value) - began * 1000

    def shows(self, edit: Edit, send: Callable[[], None], timeout_ms: float = UPDATE_TIMEOUT_MS) -> float:
        """`send` makes the update; milliseconds from its start until the page showed it. Raises NeverShown."""
        self._watches += 1
        watch = [self._watches, list(edit.selectors), edit.style, edit.value]
        if not self.page.evaluate("(watch) => window.benchWatch(...watch)", watch):
            raise AssertionError(f"{edit.kind}: the page shows {edit.value!r} before it was sent")
        try:
            with self.page.expect_console_message(_is("shown", self._watches), timeout=timeout_ms) as message:
                began = time.time()
                send()
        except NotShownError as error:
            raise NeverShown(f"{self.page.url} never showed the {edit.kind}; it shows {self._shown(edit)}") from error
        return _at(message.value) - began * 1000

    def _shown(self, edit: Edit) -> object:
        return self.page.evaluate(
            "([selector, style]) => { const element = document.querySelector(selector);"
            " return [element && (style ? getComputedStyle(element)[style] : element.textContent),"
            " document.visibilityState, performance.now(), document.querySelector('vite-error-overlay') !== null]; }",
            [edit.selectors[0], edit.style],
        )

    def close(self) -> None:
        """Close the page and its context."""
        self.page.context.close()

    def _check_clock(self) -> None:
        skew = self.page.evaluate("Math.abs(window.benchClock())")
        if skew > MAX_SKEW_MS:
            raise AssertionError(f"the page's clock is {skew:.1f} ms off: the figures of this run mean nothing")


def open_page(context: BrowserContext) -> BenchPage:
    """A blank page with the probe installed."""
    page = context.new_page()
    page.add_init_script(_PROBE)
    return BenchPage(page)


def _is(kind: str, number: int) -> Callable[[ConsoleMessage], bool]:
    return lambda message: message.text.startswith(f"bench {kind} {number} ")


def _at(message: ConsoleMessage) -> float:
    return float(message.text.split()[3])
