"""Brings the journal to the cloud, batch by batch, and believes the answer only where it is signed.

One call of `Uploader.upload_next` sends at most one batch. Nothing is taken out of a queue: the
journal itself is the queue, and a cursor says how far it has arrived, so the same batch may be
sent any number of times (selling.md 2.3).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile

from stall.errors import Refused, StallError, WireError
from stall.flows.checkpoint import sign_checkpoint
from stall.flows.record_upload import Outcome, record_trouble, record_upload
from stall.settings import Cloud
from stall.store import documents, journal, proofs, uploads
from stall.store.db import Database
from stall.store.secrets import BoxSecrets
from stall.store.uploads import Doubt
from stall.sync.client import Answer, CloudClient, Verdict
from stall.wire import b64, delegation, keys, merkle, note

MAX_EVENTS = 1000
MAX_EVENT_BYTES = 150 * 1024  # in base64url, with proof and note, still below the cloud's 256 KiB
STANDING = ("accepted", "duplicate", "quarantined")
KEPT_BESIDE = ("bad", "fork")
KNOWN = (*STANDING, *KEPT_BESIDE, "gap")
MS = 1000
FORKED = (
    "The cloud holds another journal of this box: a copied card or a restored backup."
    " Nothing is lost; ask the maker which box is the true one."
)


class Progress(Enum):
    """What one try came to."""

    NOTHING_WAITING = "nothing waiting"
    MORE = "more may be waiting"
    SOON = "waiting for the next checkpoint"


@dataclass(frozen=True, slots=True)
class Batch:
    """A run of events with the checkpoint that covers it and the proof that ties both."""

    epoch_no: int
    epoch: bytes
    first: int
    before: merkle.Frontier
    events: list[bytes]
    checkpoint: note.Checkpoint
    note_text: str
    proof: list[bytes]

    @property
    def end(self) -> int:
        """The seq that would follow the last event."""
        return self.first + len(self.events)


class Uploader:
    """Uploads the journal of one box to one cloud. One thread at a time uses it."""

    def __init__(self, database: Database, secrets: BoxSecrets, cloud: Cloud, client: CloudClient) -> None:
        """Take the box's database and keys, the cloud's settings, and a connection to it.

        Raises WireError when the cloud's key in the settings is no key.
        """
        self._database = database
        self._secrets = secrets
        self._cloud = cloud
        self._cloud_public = keys.check_public(b64.decode(cloud.public))
        self._client = client
        self._most_events = MAX_EVENTS
        self._reached: tuple[int, merkle.Frontier] | None = None

    def upload_next(self) -> Progress:
        """Send the next batch, if one is waiting, and record what the cloud said.

        Every trouble is recorded for the till before it is raised: Retry (later), Refused
        `cloud-not-delegated`, `cloud-pair-again`, `cloud-wrong-address`, `cloud-refuses-batch`,
        `journal-forked`, WireError for an answer that does not hold.
        """
        conn = self._database.read()
        head = journal.read_head(conn)
        state = uploads.read_state(conn, head.epoch_no)
        if state.next >= head.size:
            return Progress.NOTHING_WAITING
        try:
            token = self._own_delegation(conn, head.last_at_ms // MS)
            batch = self._next_batch(state.next)
            # Checkpoints are a second apart; what came after the last one waits for the next.
            return self._send(token, batch) if batch.events else Progress.SOON
        except StallError as error:
            with self._database.transaction() as tx:
                record_trouble(tx, head.epoch_no, error.sentence)
            raise

    def _own_delegation(self, conn: sqlite3.Connection, now_s: int) -> str:
        """The delegation to send along: by the creator who also lets this cloud cosign (design.md 7).

        Raises Refused `cloud-not-delegated`.
        """
        box, cloud = self._secrets.signing.thumbprint, keys.thumbprint(self._cloud_public)
        creator = uploads.common_creator(conn, box, cloud)
        own = None if creator is None else documents.delegation_of(conn, creator, box)
        given = None if creator is None else documents.delegation_of(conn, creator, cloud)
        if own is None or given is None:
            raise Refused(
                "cloud-not-delegated",
                "The creator has delegated no cloud with this key. Accept such a delegation: stall accept FILE",
            )
        delegation.check_use(given[1], "cosign", None, now_s)
        return own[0]

    def _next_batch(self, first: int) -> Batch:
        with self._database.transaction() as tx:
            text = sign_checkpoint(tx)
        # Only now, after COMMIT, may the signature leave the box.
        conn = self._database.read()
        head = journal.read_head(conn)
        signed = note.Checkpoint.parse(note.open(text, [self._own_verifier(head.epoch)]).body)
        run = journal.read_events(conn, head.epoch_no, first, MAX_EVENT_BYTES)
        events = run[: max(0, min(self._most_events, signed.size - first))]
        before = self._frontier_at(conn, head.epoch_no, first)
        end = first + len(events)
        proof = [] if end == signed.size else proofs.consistency(conn, head.epoch_no, end, signed.size)
        return Batch(head.epoch_no, head.epoch, first, before, events, signed, text, proof)

    def _frontier_at(self, conn: sqlite3.Connection, epoch_no: int, size: int) -> merkle.Frontier:
        """The frontier in front of event `size`: the one of the last upload, else from the kept hashes."""
        if self._reached is not None and self._reached[0] == epoch_no and self._reached[1].size == size:
            return self._reached[1]
        return proofs.frontier_at(conn, epoch_no, size)

    def _send(self, token: str, batch: Batch) -> Progress:
        document: dict[str, object] = {
            "epoch": b64.encode(batch.epoch),
            "first": batch.first,
            "events": [b64.encode(data) for data in batch.events],
            "checkpoint": batch.note_text,
            "delegation": token,
            "before": [b64.encode(each) for each in batch.before.hashes],
            "proof": [b64.encode(each) for each in batch.proof],
        }
        try:
            answer = self._client.upload(self._secrets.signing.thumbprint, document)
        except Refused as error:
            if error.code != "cloud-refuses-batch":
                raise
            return self._narrow(batch, error)
        outcome = self._judge(batch, answer)
        with self._database.transaction() as tx:
            record_upload(tx, batch.epoch_no, outcome)
        self._most_events = min(MAX_EVENTS, self._most_events * 2)
        self._reached = (batch.epoch_no, _grown(batch.before, map(merkle.leaf_hash, batch.events)))
        if outcome.trouble is not None:
            raise Refused("journal-forked", outcome.trouble)
        return Progress.MORE

    def _narrow(self, batch: Batch, error: Refused) -> Progress:
        """Halve a refused batch until one event is left; that one is named to the maker."""
        if len(batch.events) > 1:
            self._most_events = len(batch.events) // 2
            return Progress.MORE
        doubt = Doubt(batch.first, "refused", error.sentence)
        with self._database.transaction() as tx:
            record_upload(tx, batch.epoch_no, Outcome(batch.first, [doubt], trouble=error.sentence))
        raise error

    def _judge(self, batch: Batch, answer: Answer) -> Outcome:
        """Turn an answer into what is recorded. Raises WireError `cloud-answer-contradicts`."""
        if [each.seq for each in answer.verdicts] != list(range(batch.first, batch.end)):
            raise _contradicts()
        if any(each.verdict not in KNOWN for each in answer.verdicts):
            raise _contradicts()
        doubts = [Doubt(each.seq, each.verdict, each.reason or "") for each in answer.verdicts if _is_doubtful(each)]
        reached = batch.first + _standing(answer.verdicts)
        if any(each.verdict in KEPT_BESIDE for each in answer.verdicts):
            return Outcome(reached, doubts, trouble=FORKED)
        if reached < batch.end:
            if not 0 <= answer.next < batch.first or reached > batch.first:
                raise _contradicts()
            return Outcome(answer.next, doubts)  # the cloud has less than it had: fill the gap
        cosigned = self._believed(batch, answer.cosigned)
        return Outcome(reached, doubts, cosigned, batch.checkpoint.size)

    def _believed(self, batch: Batch, cosigned: str | None) -> str | None:
        """Return the cosigned note if it is over our own checkpoint and signed by our cloud.

        Raises WireError `cloud-answer-contradicts` or `cloud-not-cosigned`.
        """
        if cosigned is None:
            if batch.end == batch.checkpoint.size:
                raise _contradicts()
            return None
        theirs = note.Verifier(self._cloud.name, self._cloud_public, note.COSIGNATURE_KIND)
        try:
            opened = note.open(cosigned, [theirs])
        except WireError as error:
            raise WireError(
                "cloud-not-cosigned", "The answer is not signed by the cloud in the settings. Check [cloud], then pair."
            ) from error
        if note.Checkpoint.parse(opened.body) != batch.checkpoint:
            raise _contradicts()
        return cosigned

    def _own_verifier(self, epoch: bytes) -> note.Verifier:
        signing = self._secrets.signing
        return note.Verifier(note.origin(signing.thumbprint, epoch), signing.public, note.SIGNATURE_KIND)


def _grown(frontier: merkle.Frontier, leaves: Iterable[bytes]) -> merkle.Frontier:
    for leaf in leaves:
        frontier = frontier.append(leaf)
    return frontier


def _standing(verdicts: Sequence[Verdict]) -> int:
    """How many verdicts from the first on say that the event stands in the cloud's journal."""
    return len(list(takewhile(lambda each: each.verdict in STANDING, verdicts)))


def _is_doubtful(verdict: Verdict) -> bool:
    return verdict.verdict == "quarantined" or verdict.verdict in KEPT_BESIDE


def _contradicts() -> WireError:
    return WireError(
        "cloud-answer-contradicts",
        "The cloud's answer contradicts this box's journal. Nothing was believed; tell the cloud's owner.",
    )
