"""`python -m tests.vm [--cuts N] [--seed S] [--log FILE]`: see `tests.vm.driver`."""

from __future__ import annotations

import sys

from tests.vm import driver

if __name__ == "__main__":
    sys.exit(driver.main(sys.argv[1:]))
