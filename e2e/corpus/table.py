"""The table of the corpus: printed after a run, and kept in the docs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from e2e.corpus.play import Played

_HEAD = ("project", "what is particular about it", "files", "first paint, ms", "edits", "edit, median ms")


def rows(played: Iterable[Played]) -> list[tuple[str, ...]]:
    """The heading, then one row for each project, as texts."""
    return [
        _HEAD,
        *(
            (one.name, one.shape, str(one.files), f"{one.first_paint:.0f}", str(len(one.edits)), _ms(one.edit))
            for one in played
        ),
    ]


def plain(table: Sequence[Sequence[str]], without: int = 1) -> list[str]:
    """Lines for a terminal; column `without`, the widest, is left out."""
    kept = [[cell for number, cell in enumerate(row) if number != without] for row in table]
    widths = [max(map(len, column)) for column in zip(*kept, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in kept]


def markdown(table: Sequence[Sequence[str]]) -> list[str]:
    """The same for a document."""
    head, *body = table
    return [_line(head), _line(["---"] * len(head)), *map(_line, body)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
