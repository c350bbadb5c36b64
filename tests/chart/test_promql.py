"""The reader of expressions sees what is in them; else a wrong name could hide."""

from __future__ import annotations

import pytest
from tests.chart.promql import Matcher, read


def test_selectors_matchers_and_groups_are_found() -> None:
    found = read('sum by (le, kind) (rate(one_bucket{a="x", b=~"1|2"}[5m])) / sum(two_total{route="/a/{id}"}) > 0.5')
    assert [selector.metric for selector in found.selectors] == ["one_bucket", "two_total"]
    assert found.selectors[0].matchers == (Matcher("a", "=", "x"), Matcher("b", "=~", "1|2"))
    assert found.selectors[0].matchers[1].values == ["1", "2"]
    assert found.selectors[1].matchers == (Matcher("route", "=", "/a/{id}"),)
    assert found.grouped == {"le", "kind"}


@pytest.mark.parametrize(
    "text",
    [
        "rate(misspelled_total[5m])",  # every metric has braces here, so one without is a word too many
        'up{a="b"} / other',
        "sum(1)",
        'up{a="b" c="d"}',
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=" in "):
        read(text)
