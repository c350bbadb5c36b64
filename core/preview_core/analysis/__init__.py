"""What a change will do to a running preview (contract, section 6), told from the sources alone: pure.

`syntax` reads, `forms` says what of a source means something, `modules`, `refresh`, `styles`, `manifests` and
`configs` compare two of a kind, `graph` knows who imports whom, and `verdicts` puts it together.
"""

from preview_core.analysis.verdicts import analyse

__all__ = ["analyse"]
