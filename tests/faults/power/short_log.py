"""The real program with a log that is copied back after a few hundred pages: `python -m tests.faults.power.short_log web …`.

A recording is some seconds long. With the log of a whole day it would hold no copying back, and no cut would fall into one.
"""

from __future__ import annotations

from stall import cli
from stall.store import db

PAGES = 250

if __name__ == "__main__":
    db.CHECKPOINT_PAGES, db.CHECKPOINT_PAGES_HURRIED = PAGES, 2 * PAGES
    cli.main()
