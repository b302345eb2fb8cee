"""`python -m tests.money [--sales N] [--seed S] [--scale F]`: see `tests.money.driver`."""

from __future__ import annotations

import sys

from tests.money import driver

if __name__ == "__main__":
    sys.exit(driver.main(sys.argv[1:]))
