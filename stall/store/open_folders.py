"""The folders of a box that nginx reads: opened to the group of its owner, to look up and no more. All else stays its owner's alone."""

from __future__ import annotations

from pathlib import Path

from stall import disk
from stall.store import previews

#: What is sold, the pictures of it that anybody may see, and nothing else: small pictures of paid goods go by way of the app.
FOLDERS = ("files", "zips", "covers", previews.PUBLIC)
_BOX, _FOLDER = 0o710, 0o750


def open_to_group(box: Path) -> None:
    """Let the group pass through the data folder and read those in it. Raises the errors of `disk.whole_file`."""
    for folder, mode in ((box, _BOX), *((box / name, _FOLDER) for name in FOLDERS)):
        with disk.sentences(folder):
            if folder.is_dir() and folder.stat().st_mode & mode != mode:
                folder.chmod(folder.stat().st_mode & 0o7777 | mode)
