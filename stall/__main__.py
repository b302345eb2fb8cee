"""`python -m stall` is the same as `stall`."""

from stall.cli import main

main()
