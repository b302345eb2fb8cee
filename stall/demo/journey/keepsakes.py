"""What `stall demo --once --out DIR` keeps, so that a stranger's program can recompute the object it printed.

files/           each file as it was downloaded
pack.zip, papers.zip, resumed.bin   the ZIPs, and the file that was taken in two parts
manifest.jws, receipt.jws, certificate.json, keys.json, creator.did   papers, keys, and the creator they go back to
journal.jsonl    the exported journal; cosigned.txt: the checkpoint both signed; cloud-key.json: the cloud's key
cloud-journal.json, cloud-totals.json, terminal-books.json, day-end.json, report.json   the other books
object.json      the object
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from stall import disk
from stall.errors import Refused
from stall.wire import paths

OBJECT = "object.json"
_KEPT = (
    "files", "pack.zip", "papers.zip", "resumed.bin", "manifest.jws", "receipt.jws", "certificate.json", "keys.json",
    "creator.did", "journal.jsonl", "cosigned.txt", "cloud-key.json", "cloud-journal.json", "cloud-totals.json",
    "terminal-books.json", "day-end.json", "report.json", OBJECT,
)  # fmt: skip
_INTERRUPTED = {"ok": False, "failures": [{"check": "run", "sentence": "The run was interrupted."}]}


@dataclass(frozen=True)
class Keepsakes:
    """The folder of --out, or nothing to keep."""

    folder: Path | None

    def begin(self) -> None:
        """Make the folder ready, replacing what an earlier run kept there and nothing else.

        Raises Refused `demo-out-foreign` and the errors of `disk.whole_file`.
        """
        if self.folder is None:
            return
        with disk.sentences(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            there = {entry.name for entry in self.folder.iterdir()}
        if there and OBJECT not in there:
            raise Refused(
                "demo-out-foreign",
                f"{self.folder} holds other things. Choose an empty folder for --out; nothing was changed.",
            )
        for name in there & set(_KEPT):
            entry = self.folder / name
            with disk.sentences(entry):
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        self.document(OBJECT, _INTERRUPTED)

    def keep(self, name: str, data: bytes) -> None:
        """Write one file; `name` may hold folders. Raises the errors of `disk.whole_file` and `paths.check`."""
        if self.folder is None:
            return
        target = self.folder / PurePosixPath(paths.check(name))
        with disk.sentences(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        with disk.whole_file(target) as file:
            file.write(data)

    def document(self, name: str, content: object) -> None:
        """Write one JSON document."""
        self.keep(name, json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")
