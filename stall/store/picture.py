"""Pictures of products, taken in as covers: small JPEGs without what a camera writes into them, named by the original's SHA-256.

Whoever already is a process of its own (a command, the making of a demo) makes them itself: `keep`. The till has a child make
them: `keep_apart`. Decoding a picture of 80 megapixels takes more memory than the whole web process and seconds of its
interpreter, and the code that does it is C that reads whatever a phone sent; in a child that is limited and gone afterwards, none of
it touches selling. Pillow is loaded nowhere else. Not left to `stall sync`: whoever chose a picture wants to see it on the next page.
"""

from __future__ import annotations

import contextlib
import hashlib
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from stall import disk
from stall.errors import Refused

#: The largest file taken in; phones make pictures of 2 to 12 MB.
MOST_BYTES = 16 * 1024 * 1024
#: What the child may use: address space (bytes) and processor (s); and how long it is waited for (s), on a board that is busy.
_MEMORY, _PROCESSOR_S, _PATIENCE_S = 1024**3, 20, 40
_DONE, _NO_PICTURE = 0, 3
#: Two of them at the same moment would not fit beside what sells.
_one_at_a_time = threading.Lock()


def keep(folder: Path, data: bytes) -> str:
    """Take a picture in, in this process; return its name. Raises Refused `picture-unreadable`, and what `disk.whole_file` raises."""
    from stall.store.cover import make_cover  # noqa: PLC0415 - Pillow is loaded only while a picture is made

    digest, target = _place(folder, data)
    if not target.exists():
        with _laid_down(folder, digest, data) as source:
            if make_cover(source, target) is None:
                raise _unreadable()
    return digest


def keep_apart(folder: Path, data: bytes) -> str:
    """Take a picture in by a child; return its name. Raises as `keep`."""
    digest, target = _place(folder, data)
    if not target.exists():
        with _laid_down(folder, digest, data) as source:
            command = [sys.executable, "-P", "-m", "stall.store.picture", str(source), str(target)]
            try:
                with _one_at_a_time:
                    done = subprocess.run(
                        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE_S, check=False
                    )
            except subprocess.TimeoutExpired:
                raise _unreadable() from None
        if done.returncode != _DONE or not target.exists():
            raise _unreadable()
    return digest


def _place(folder: Path, data: bytes) -> tuple[str, Path]:
    if len(data) > MOST_BYTES:
        raise Refused(
            "picture-unreadable", f"The picture is larger than {MOST_BYTES // 1024**2} MB. Choose a smaller copy of it."
        )
    digest = hashlib.sha256(data).hexdigest()
    return digest, folder / "covers" / f"{digest}.jpg"


@contextlib.contextmanager
def _laid_down(folder: Path, digest: str, data: bytes) -> Iterator[Path]:
    source = folder / "covers" / f".{digest[:16]}{disk.LEFTOVER}"
    with disk.whole_file(source, 0o600) as file:
        file.write(data)
    try:
        yield source
    finally:
        source.unlink(missing_ok=True)


def _unreadable() -> Refused:
    return Refused(
        "picture-unreadable", "That is no picture this box can read. Choose a JPEG, PNG, WebP, GIF or TIFF file."
    )


def _child(source: Path, target: Path) -> int:
    """What the child does: limit itself, then make the picture."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_S, _PROCESSOR_S))
    from stall.store.cover import make_cover  # noqa: PLC0415 - Pillow is loaded in the child alone

    return _NO_PICTURE if make_cover(source, target) is None else _DONE


if __name__ == "__main__":
    sys.exit(_child(Path(sys.argv[1]), Path(sys.argv[2])))
