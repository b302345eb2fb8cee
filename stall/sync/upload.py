"""Brings the journal to the cloud, batch by batch, and believes the answer only where it is signed.

One call of `Uploader.upload_next` sends at most one batch. Nothing is taken out of a queue: the
journal itself is the queue, and a cursor says how far each epoch has arrived, so the same batch may be
sent any number of times (selling.md 2.3). Older epochs are sent to their end before newer ones. What the cloud
cannot take in its place is sent all the same, to be kept beside: the upload never stops for good.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from enum import Enum
from itertools import takewhile

from stall import log
from stall.errors import Refused, StallError, WireError
from stall.flows.checkpoint import remember
from stall.flows.record_upload import Outcome, record_trouble, record_upload
from stall.settings import Cloud
from stall.store import documents, journal, uploads
from stall.store.db import Database
from stall.store.place import Witness
from stall.store.secrets import BoxSecrets
from stall.store.uploads import Doubt
from stall.sync import shown
from stall.sync.batch import MAX_EVENTS, Batch, cut
from stall.sync.client import Answer, CloudClient, Verdict
from stall.wire import b64, delegation, keys, note

STANDING = ("accepted", "duplicate", "quarantined")
KEPT_BESIDE = ("bad", "fork")
KNOWN = (*STANDING, *KEPT_BESIDE, "gap")
MS = 1000
logger = log.get("sync")


class Progress(Enum):
    """What one try came to."""

    NOTHING_WAITING = "nothing waiting"
    MORE = "more may be waiting"
    SOON = "waiting for the next checkpoint"


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
        self._asked: set[int] = set()

    def upload_next(self) -> Progress:
        """Send the next batch, if one is waiting, and record what the cloud said.

        Once after each start the last event of each epoch is sent again when nothing waits: the answer shows whether this
        database was put back to an earlier state, and whether the cloud lost what it had. Every trouble is recorded
        for the till before it is raised: Retry (later), Refused `cloud-not-delegated`, `cloud-pair-again`,
        `cloud-wrong-address`, `cloud-refuses-batch`, WireError for an answer that does not hold.
        """
        conn = self._database.read()
        waiting = uploads.waiting(conn) or uploads.not_yet_asked(conn, self._asked)
        if waiting is None:
            return Progress.NOTHING_WAITING
        try:
            token = self._own_delegation(conn, journal.read_head(conn).last_at_ms // MS)
            batch = cut(
                self._database,
                self._secrets.signing,
                waiting.epoch_no,
                waiting.next,
                most=self._most_events,
                beside=waiting.beside,
            )
            # Checkpoints are a second apart; what came after the last one waits for the next.
            return self._send(token, batch) if batch.events else Progress.SOON
        except StallError as error:
            with self._database.transaction() as tx:
                record_trouble(tx, error.sentence)
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

    def _send(self, token: str, batch: Batch) -> Progress:
        try:
            answer = self._client.upload(self._secrets.signing.thumbprint, batch.document(token))
        except Refused as error:
            if error.code != "cloud-refuses-batch":
                raise
            return self._narrow(batch, error)
        outcome = self._judge(batch, answer)
        self._record(batch, outcome, answer)
        self._most_events = min(MAX_EVENTS, self._most_events * 2)
        return Progress.MORE

    def _record(self, batch: Batch, outcome: Outcome, answer: Answer) -> None:
        """Write the answer down, and begin a new epoch where it shows that one must begin."""
        conn = self._database.read()
        judged = journal.read_head(conn).epoch_no
        seen = shown.weigh_answer(conn, self._secrets.signing, answer)
        with self._database.transaction() as tx:
            still = journal.read_head(tx.conn).epoch_no == judged  # the till's phone may have shown the same
            head = record_upload(tx, batch.epoch_no, outcome, seen if still else None)
        self._asked.add(batch.epoch_no)
        if outcome.next_seq < batch.first:  # it may have lost other epochs as well
            self._asked.clear()
        if head is not None:
            remember(self._database.path.parent, Witness.of(head.epoch, head.size, head.frontier.root()))
            logger.warning("epoch.begun", cause=seen.value if seen else "refused", epoch=head.epoch_text)

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
        reached = batch.first + _standing(answer.verdicts)
        doubts = [
            Doubt(each.seq, each.verdict, each.reason or "") for each in answer.verdicts if _is_doubtful(each, reached)
        ]
        if batch.beside:
            if any(each.verdict not in KEPT_BESIDE for each in answer.verdicts):
                raise _contradicts()
            return Outcome(batch.end)
        if any(each.verdict in KEPT_BESIDE for each in answer.verdicts):
            return Outcome(reached, doubts, beside=True)
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


def _standing(verdicts: Sequence[Verdict]) -> int:
    """How many verdicts from the first on say that the event stands in the cloud's journal."""
    return len(list(takewhile(lambda each: each.verdict in STANDING, verdicts)))


def _is_doubtful(verdict: Verdict, reached: int) -> bool:
    """Whether a person should see it: of a run that is kept beside, the first is enough."""
    return verdict.verdict == "quarantined" or (verdict.verdict in KEPT_BESIDE and verdict.seq == reached)


def _contradicts() -> WireError:
    return WireError(
        "cloud-answer-contradicts",
        "The cloud's answer contradicts this box's journal. Nothing was believed; tell the cloud's owner.",
    )
