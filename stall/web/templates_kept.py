"""Templates as they were compiled, kept in the box's folder: compiling them is a tenth of the start.

Like Python's own compiled modules: made again when the template changes, and left out where nothing can be written.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from jinja2.bccache import Bucket, FileSystemBytecodeCache

#: The folder in the box's own.
FOLDER = "compiled"


class KeptTemplates(FileSystemBytecodeCache):
    """Compiled templates in one folder, readable by the box's user alone: what is read from there is run."""

    def __init__(self, box: Path) -> None:
        """Keep them in the data folder `box`."""
        folder = box / FOLDER
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
        super().__init__(str(folder))

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a template from there; what cannot be read, or is another's, is compiled anew."""
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Leave a template there, if there is room."""
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)
