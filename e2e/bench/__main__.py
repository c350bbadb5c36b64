"""Entry of `python e2e/bench`."""

import sys
from pathlib import Path

# Run as a folder, only this folder is on the path; the packages are found from the checkout's root (appended: nothing
# there may shadow the standard library).
sys.path.append(str(Path(__file__).resolve().parents[2]))

from e2e.bench.cli import main

sys.exit(main())
