"""`python -m tests.faults [--runs N] [--seed S]`: see `tests.faults.driver`; `--planted` comes first: see `tests.faults.planting`."""

from __future__ import annotations

import sys

from tests.faults import driver, planting

if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(planting.main(arguments[1:]) if arguments[:1] == ["--planted"] else driver.main(arguments))
