"""An exported journal, checked line by line: signatures, order, roots, proofs, parents (docs/protocol.md, 7.4).

Pure: lines come in, a report goes out. Only what must be compared later is kept of a line, so memory grows with the
receipts and not with the events. What the events say to each other is for `books` to judge.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stall.creator.books import Books, Entry, Limits
from stall.errors import WireError
from stall.wire import b64, claims, event, keys, merkle, note, strict_json
from stall.wire.event import Event
from stall.wire.note import Checkpoint, Verifier
from stall.wire.tlogproof import Logged

MOST_LINE_BYTES = 1 << 20  # an event of 256 KiB in base64 and its proof; a note of 64 Ki characters and another


@dataclass(frozen=True)
class Known:
    """What the reader knows beside the export; with `box` (a did) any other box's export is refused."""

    box: str | None = None
    cosigners: Sequence[Verifier] = ()
    limits: Limits = field(default_factory=Limits)
    roots: Mapping[tuple[str, int], bytes] = field(default_factory=dict)  # of signed checkpoints, by origin and size
    certificates: Collection[str] = ()  # digests of those that are looked for


@dataclass
class Life:
    """One epoch of the journal: what its checkpoint signs, and who else signed what."""

    name: str
    checkpoint: Checkpoint
    cosigned: tuple[note.Signature, ...] = ()
    seen: Checkpoint | None = None  # what else signed, where that is not the newest
    tree: merkle.Frontier = field(default_factory=merkle.Frontier.empty)
    last_at: int = 0


@dataclass
class Report:
    """What an export proves."""

    box: str = ""
    lives: list[Life] = field(default_factory=list)
    books: Books = field(default_factory=Books)
    began_s: int | None = None  # the time of its first event
    logged: list[Logged] = field(default_factory=list)  # the certificates looked for, where a cosigned part has them

    @property
    def events(self) -> int:
        """How many events all epochs have."""
        return sum(life.tree.size for life in self.lives)


def check(lines: Iterable[bytes], known: Known | None = None) -> Report:
    """Check every line of an export. Raises WireError naming the first thing that does not hold."""
    reader = _Reader(known or Known())
    for number, data in enumerate(lines, 1):
        reader.take(number, data)
    reader.end()
    return reader.report


class _Reader:
    """Where in the export we are."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.report = Report()
        self.expected = 0
        self.public = b""

    def take(self, number: int, data: bytes) -> None:
        line = _line(number, data)
        if not isinstance(line, dict):
            line = {}
        if line.get("type") == "checkpoint":
            self._begin(line)
        elif line.get("type") == "event" and self.report.lives:
            self._event(self.report.lives[-1], line)
        else:
            raise WireError(
                "export-line",
                f"Line {number} is neither a checkpoint nor an event that follows one. Export the journal again.",
            )

    def _begin(self, line: dict[str, Any]) -> None:
        self._close()
        self._check_box(line)
        name = line.get("epoch")
        if not claims.is_id22(name) or name in self.report.books.ended:
            raise WireError(
                "export-epochs", "An epoch is not named as one, or is in the export twice. Export the journal again."
            )
        opened, checkpoint = self._note(line.get("note"), str(name))
        life = Life(str(name), checkpoint, opened.signatures)
        if (older := line.get("cosigned")) is not None:
            self._cosigned(life, older)
        self.report.lives.append(life)

    def _check_box(self, line: dict[str, Any]) -> None:
        box, epochs = line.get("box"), line.get("epochs")
        self.public = keys.public_from_did(box if isinstance(box, str) else "")
        first = not self.report.lives
        if (self.known.box not in {None, box}) or not (first or (self.report.box, self.expected) == (box, epochs)):
            raise WireError("export-other-box", "The export is of another box, or of two. Ask for the right one.")
        if type(epochs) is not int:  # not true or false, which would count as 1 and 0
            raise WireError(
                "export-epochs", "The export does not say how many epochs it has. Export the journal again."
            )
        self.report.box, self.expected = str(box), epochs

    def _note(self, text: object, epoch: str) -> tuple[note.Note, Checkpoint]:
        origin = note.origin(keys.thumbprint(self.public), b64.decode(epoch))
        opened = note.open(
            text if isinstance(text, str) else "", [Verifier(origin, self.public), *self.known.cosigners]
        )
        checkpoint = Checkpoint.parse(opened.body)
        if opened.signed_by(origin) is None or checkpoint.origin != origin:
            raise WireError("export-checkpoint", "A checkpoint is not this box's own. Export the journal again.")
        self._compare(origin, checkpoint.size, checkpoint.root)
        return opened, checkpoint

    def _cosigned(self, life: Life, older: object) -> None:
        if not isinstance(older, dict):
            raise WireError("export-checkpoint", "A cosigned checkpoint is malformed. Export the journal again.")
        opened, seen = self._note(older.get("note"), life.name)
        now = life.checkpoint
        merkle.verify_consistency(seen.size, now.size, _hashes(older.get("proof")), seen.root, now.root)
        life.cosigned = tuple(one for one in opened.signatures if one.kind == note.COSIGNATURE_KIND)
        life.seen = seen

    def _event(self, life: Life, line: dict[str, Any]) -> None:
        data = b64.decode(line["bytes"]) if isinstance(line.get("bytes"), str) else b""
        fact, seq = event.decode(data), life.tree.size
        written = (line.get("seq"), fact.epoch, fact.seq)
        if type(written[0]) is not int or written != (seq, life.name, seq) or seq >= life.checkpoint.size:
            raise WireError(
                "export-order",
                f"In the place of event {seq} of epoch {life.name} stands another. Export the journal again.",
            )
        if fact.at < life.last_at and fact.kind != "clock":
            raise WireError(
                "export-time", f"The time of event {seq} runs back. Do not rely on it: no stall keeps its journal so."
            )
        if self.report.began_s is None:
            self.report.began_s = fact.at // 1000
        leaf = merkle.leaf_hash(data)
        self._check_proof(life, fact, line, leaf)
        life.last_at, life.tree = fact.at, life.tree.append(leaf)
        self._compare(life.checkpoint.origin, life.tree.size, None, life)
        self.report.books.take(Entry(fact, self.public), self.known.limits)
        if fact.kind == "certificate" and fact.body.get("hash") in self.known.certificates:
            seen = life.seen or life.checkpoint
            if fact.seq < seen.size:
                self.report.logged.append(Logged(fact, seen, life.cosigned))

    def _check_proof(self, life: Life, fact: Event, line: dict[str, Any], leaf: bytes) -> None:
        if "proof" in line:
            checkpoint = life.checkpoint
            merkle.verify_inclusion(fact.seq, checkpoint.size, leaf, _hashes(line["proof"]), checkpoint.root)
        elif "receipt" in fact.body or fact.kind == "certificate":
            raise WireError(
                "export-proof",
                f"No proof stands beside event {fact.seq}, which carries a receipt or certificate. Export the journal again.",
            )

    def _compare(self, origin: str, size: int, root: bytes | None, life: Life | None = None) -> None:
        """Compare with what the same box signed elsewhere: two roots of one size are two histories."""
        signed = self.known.roots.get((origin, size))
        if signed is not None and signed != (life.tree.root() if life else root):
            raise WireError(
                "verify-forked",
                "The box signed two journals of one length that differ. One was kept from somebody: trust neither.",
            )

    def _close(self) -> None:
        if not self.report.lives:
            return
        life = self.report.lives[-1]
        if life.tree.size != life.checkpoint.size or life.tree.root() != life.checkpoint.root:
            raise WireError(
                "export-root",
                f"The events of epoch {life.name} are not those the box signed. Export the journal again.",
            )
        self.report.books.ended[life.name] = (life.tree.size, life.checkpoint.root)

    def end(self) -> None:
        self._close()
        if not self.report.lives or len(self.report.lives) != self.expected:
            raise WireError("export-epochs", "The export has not as many epochs as it says. Export the journal again.")


def _line(number: int, data: bytes) -> object:
    try:
        return strict_json.loads(data.rstrip(b"\r\n"), max_bytes=MOST_LINE_BYTES)
    except WireError as error:
        if error.code != "json-malformed":
            raise
        raise WireError(
            "json-malformed", f"Line {number} is not whole: it was cut off or altered. Export the journal again."
        ) from error


def _hashes(proof: object) -> list[bytes]:
    if not isinstance(proof, list):
        raise WireError("proof-not-hashes", "A proof is no list of hashes. Export the journal again.")
    return [b64.decode(each) for each in proof]
