"""The command line: one server on this machine, and what a person does with it."""

from __future__ import annotations


def main() -> None:
    """Entry point of `kontext-preview`."""
    # Imported late: `--help` need not load a web framework.
    from preview_api.cli.commands import app

    app()
