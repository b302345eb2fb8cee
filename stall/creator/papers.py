"""The papers handed in to be verified, recognised by their look: tokens, certificates, checkpoints, exported journals.

Nothing is verified here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from stall.creator import foreign
from stall.creator.ledger import DelegationRow, LeaseRow
from stall.errors import Refused, StallError
from stall.wire import inside, strict_json, tlogproof

MOST_BYTES = 6 * 1024 * 1024  # the longest token there is, a closing statement, and some
_ORIGIN = b"stall.example/box/"
_SIGNATURE = "— ".encode()
_MOST_DELEGATIONS = 100
NOTHING_INSIDE = "verify-nothing-inside"
_AROUND = "Checked was the signed paper inside this file, not what is drawn around it."


@dataclass(frozen=True)
class Text:
    """A signed note: a checkpoint of a journal, perhaps cosigned."""

    text: str


@dataclass(frozen=True)
class Export:
    """An exported journal, too long to hold: `lines` gives its lines anew each time."""

    lines: Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class LogProof:
    """A proof that an entry stands in a box's journal (tlog-proof)."""

    text: str


Content = str | dict[str, Any] | Text | LogProof | Export


@dataclass(frozen=True)
class Paper:
    """One document handed in: its name, its content (a token if it is text), and what was seen when it was read."""

    name: str
    content: Content
    seen: tuple[str, ...] = ()


def read(name: str, data: bytes) -> Paper:
    """Recognise a document by its look. Raises Refused `verify-…` or the errors of strict JSON."""
    text = data.strip()
    if len(text) <= MOST_BYTES and text.startswith(b"{"):
        document = _document(name, data)
        if isinstance(document, dict) and ("credentialSubject" in document or "verifiableCredential" in document):
            return Paper(name, document)
        raise Refused(
            "verify-unknown", f"“{name}” is JSON, but no certificate of ownership. Give the certificate.json of a sale."
        )
    if len(text) <= MOST_BYTES and foreign.is_whole(text):
        return Paper(name, text.decode("ascii"))
    if len(data) <= MOST_BYTES and data.startswith(_ORIGIN) and _SIGNATURE in data:
        return Paper(name, Text(data.decode("utf-8", "replace")))
    if len(data) <= MOST_BYTES and data.startswith(tlogproof.HEAD.encode()):
        return Paper(name, LogProof(data.decode("utf-8", "replace")))
    raise foreign.refusal(name, data[: MOST_BYTES + 1])


def _document(name: str, data: bytes) -> object:
    """Read JSON; a key file, which is JSON too, is a secret and no paper."""
    document = strict_json.loads(data.strip())
    if isinstance(document, dict) and "d" in document:
        raise foreign.refusal(name, data)
    return document


def read_all(name: str, data: bytes) -> list[Paper]:
    """Recognise a document, the delegations a box hands out in one (`keys.json`), or what travels in a PDF or picture.

    Raises Refused `verify-nothing-inside` for one that holds no paper, and what `read` raises.
    """
    drawn = read_drawn(name, data)
    if drawn is not None:
        return drawn
    tokens = _delegations(data)
    if tokens is None:
        return [read(name, data)]
    return [Paper(f"{name}/{number}", token) for number, token in enumerate(tokens, 1)]


def read_drawn(name: str, data: bytes) -> list[Paper] | None:
    """The papers that travel in a PDF or a picture, None where the file is neither. That the rest proves nothing is said.

    Raises Refused `verify-nothing-inside`, and what `read` raises.
    """
    if not inside.is_drawn(data):
        return None
    found = inside.papers(data)
    if not found:
        raise Refused(
            "verify-nothing-inside",
            f"“{name}” holds no signed paper, so nothing it shows can be checked. Give the file as it was downloaded, or the signed paper.",
        )
    papers = [read(name, one) for one in found]
    return [replace(one, seen=(*one.seen, _AROUND)) for one in papers]


def of_ledger(rows: Iterable[DelegationRow | LeaseRow], *tokens: str) -> list[Paper]:
    """What the creator signed themselves, as papers to judge others by: `tokens`, then those the ledger has kept."""
    signed = [*tokens, *(row.token for row in rows)]
    return [Paper(f"ledger/{number}", token) for number, token in enumerate(signed)]


def is_export(data: bytes) -> bool:
    """Tell whether a file that begins so is an exported journal."""
    first = data.split(b"\n", 1)[0]
    try:
        line = strict_json.loads(first, max_bytes=MOST_BYTES)
    except StallError:
        return False
    return isinstance(line, dict) and line.get("type") == "checkpoint"


def _delegations(data: bytes) -> list[str] | None:
    """The tokens in what a box says of its own keys; None for any other document."""
    if not data.lstrip().startswith(b"{"):
        return None
    try:
        document = strict_json.loads(data.strip(), max_bytes=MOST_BYTES)
    except StallError:
        return None
    tokens = document.get("delegations") if isinstance(document, dict) and "box" in document else None
    return [one for one in tokens if isinstance(one, str)][:_MOST_DELEGATIONS] if isinstance(tokens, list) else None
