"""`python -m tests.faults [--runs N] [--seed S]`: see `tests.faults.driver`."""

from __future__ import annotations

import sys

from tests.faults.driver import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
