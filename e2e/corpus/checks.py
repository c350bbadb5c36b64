"""What must be on screen: data, so that the page itself can watch for it frame by frame, across its own reloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from playwright.async_api import Frame
from playwright.async_api import TimeoutError as NotShownError

Kind = Literal["text", "contains", "css", "attribute", "count", "true"]


@dataclass(frozen=True)
class Check:
    """`name` is that of a CSS property or an attribute; `value` is what must be there, as text."""

    selector: str
    kind: Kind
    value: str
    name: str = ""


def text(selector: str, value: str) -> Check:
    """The first element's whole text, white space collapsed."""
    return Check(selector, "text", value)


def contains(selector: str, value: str) -> Check:
    """A part of that text."""
    return Check(selector, "contains", value)


def css(selector: str, name: str, value: str) -> Check:
    """A computed style of the first element."""
    return Check(selector, "css", value, name)


def attribute(selector: str, name: str, value: str) -> Check:
    """An attribute of the first element."""
    return Check(selector, "attribute", value, name)


def count(selector: str, number: int) -> Check:
    """How many elements there are."""
    return Check(selector, "count", str(number))


def gone(selector: str) -> Check:
    """No such element."""
    return count(selector, 0)


def true(expression: str) -> Check:
    """A JavaScript expression, evaluated in the page's global scope."""
    return Check(expression, "true", "true")


_FOUND = """
(checks) => {
  const tidy = (text) => text.replace(/\\s+/g, ' ').trim();
  const found = ({ selector, kind, name }) => {
    if (kind === 'true') return String(Boolean((0, eval)(selector)));
    if (kind === 'count') return String(document.querySelectorAll(selector).length);
    const element = document.querySelector(selector);
    if (!element) return null;
    if (kind === 'css') return getComputedStyle(element).getPropertyValue(name);
    if (kind === 'attribute') return element.getAttribute(name);
    return tidy(element.textContent);
  };
  const holds = ({ kind, value }, is) => (kind === 'contains' ? is !== null && is.includes(value) : is === value);
  const told = ({ selector, kind, name, value }, is) =>
    `${selector} ${kind} ${name}: ${JSON.stringify(is)}, not ${JSON.stringify(value)}`;
  return checks.map((check) => [check, found(check)]).filter((one) => !holds(...one)).map((one) => told(...one));
}
"""
_ALL_HOLD = f"(checks) => ({_FOUND})(checks).length === 0"


async def shown(frame: Frame, checks: Sequence[Check], timeout_ms: float) -> None:
    """Wait until all hold at once. AssertionError says which do not, and what is there instead."""
    data = [asdict(check) for check in checks]
    try:
        await frame.wait_for_function(_ALL_HOLD, arg=data, polling="raf", timeout=timeout_ms)
    except NotShownError:
        differences: list[str] = await frame.evaluate(_FOUND, data)
        raise AssertionError("not on screen:\n" + "\n".join(differences)) from None
