"""The one family of errors. Each class is named for what the person reading it can do.

A code is a stable slug, listed in docs/errors.md; a sentence says what happened and what to do.
"""

from __future__ import annotations


class StallError(Exception):
    """Root of every error this product raises on purpose."""

    def __init__(self, code: str, sentence: str, **facts: object) -> None:
        """Keep `code` (stable slug, docs/errors.md) and `sentence` (for a person); `facts` are what it names, for other languages."""
        super().__init__(f"{sentence} [{code}]")
        self.code = code
        self.sentence = sentence
        self.facts = facts


class Refused(StallError):
    """The person asking can act on it: another item, another amount, another file."""


class Retry(StallError):
    """It may work later without anybody changing anything."""

    def __init__(self, code: str, sentence: str, after_s: float = 1.0, **facts: object) -> None:
        """Also keep `after_s`, the seconds to wait before the next try."""
        super().__init__(code, sentence, **facts)
        self.after_s = after_s


class Broken(StallError):
    """The maker must mend something: a disk, a key file, a setting."""


class Hostile(StallError):
    """It came from outside and fails a check: forged, altered or not ours."""


class WireError(Hostile):
    """Bytes from outside are not what the specification says."""


class LocalWireError(StallError):
    """We tried to write what the specification forbids; nothing left the process."""
