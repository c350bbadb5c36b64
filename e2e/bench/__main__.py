"""Entry of `python e2e/bench`."""

import sys
from pathlib import Path

# Run as a folder, only this folder is on the path. Appended, because the checkout's root holds a folder `operator`,
# which must not shadow the standard library's.
_CHECKOUT = Path(__file__).resolve().parents[2]
sys.path += [str(_CHECKOUT), str(_CHECKOUT / "core"), str(_CHECKOUT / "api")]

from e2e.bench.cli import main  # noqa: E402

sys.exit(main())
