"""As much of PromQL as it takes to see which metrics and labels an expression names: no grammar, three patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TEXT = r'"(?:[^"\\]|\\.)*"'
_SELECTOR = re.compile(rf"([a-zA-Z_:][\w:]*)\s*\{{((?:[^\"{{}}]|{_TEXT})*)\}}")
_MATCHER = re.compile(rf"\s*(\w+)\s*(=~|!~|!=|=)\s*({_TEXT})\s*(?:,|$)")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_RANGE = re.compile(r"\[[^\]]*\]")
_WORD = re.compile(r"[a-zA-Z_:][\w:]*(?!\s*\()\b(?!\s*\()")
_KEYWORDS = frozenset({"and", "or", "unless", "bool", "group_left", "group_right"})


@dataclass(frozen=True)
class Matcher:
    label: str
    operator: str
    value: str

    @property
    def values(self) -> list[str]:
        """What it is compared with; of a pattern its alternatives."""
        return self.value.split("|") if "~" in self.operator else [self.value]


@dataclass(frozen=True)
class Selector:
    metric: str
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True)
class Expression:
    """`grouped`: the labels of its by-clauses."""

    selectors: tuple[Selector, ...]
    grouped: frozenset[str]


def read(text: str) -> Expression:
    """Raises ValueError for a word that is no function, keyword or selector with braces."""
    selectors = tuple(_selectors(text))
    grouped = {label.strip() for group in _GROUPING.findall(text) for label in group.split(",") if label.strip()}
    rest = _RANGE.sub("", _GROUPING.sub("", _SELECTOR.sub("", text)))
    strange = [word for word in _WORD.findall(rest) if word not in _KEYWORDS]
    if strange or not selectors:
        raise ValueError(f"{strange or 'nothing'} in {text}")
    return Expression(selectors, frozenset(grouped))


def _selectors(text: str) -> Iterator[Selector]:
    for metric, inside in _SELECTOR.findall(text):
        matchers = _MATCHER.findall(inside)
        if _MATCHER.sub("", inside).strip():
            raise ValueError(f"{inside} in {text}")
        yield Selector(metric, tuple(Matcher(label, operator, value[1:-1]) for label, operator, value in matchers))
