from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stall.errors import Refused, Retry, StallError, WireError
from stall.flows.accept_document import accept_delegation
from stall.store import journal, uploads
from stall.sync import batch
from stall.sync import upload as uploading
from stall.sync.upload import Progress
from stall.wire import keys, note
from tests.cloud.boxes import delegate
from tests.fakes.stock import CREATOR
from tests.sync.conftest import Pair, answering, lost_reply

OURS = b'{"error":"upload-malformed","sentence":"No."}'


def test_the_whole_journal_arrives_and_comes_back_cosigned(pair: Pair) -> None:
    pair.note(20)
    pair.flush()
    assert pair.in_step()
    state = pair.state()
    assert (state.next, state.cosigned_size, state.last_error) == (pair.head().size, pair.head().size, None)
    theirs = note.Verifier(pair.cloud.name, pair.cloud.key.public, note.COSIGNATURE_KIND)
    assert note.Checkpoint.parse(note.open(state.cosigned or "", [theirs]).body).root == pair.head().frontier.root()


def test_nothing_is_sent_when_nothing_is_waiting(pair: Pair) -> None:
    pair.note()
    pair.flush()
    sent = pair.line.requests
    assert pair.uploader.upload_next() is Progress.NOTHING_WAITING
    assert pair.line.requests == sent


def test_a_long_backlog_goes_in_batches_that_each_prove_their_place(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MAX_EVENT_BYTES", 2000)
    pair.note(60)
    pair.flush()
    assert pair.line.requests > 3
    assert pair.in_step()


def test_an_event_as_long_as_any_may_be_fits_into_one_upload(pair: Pair) -> None:
    pair.note(1, text="x" * 200_000)
    pair.note(1)
    pair.flush()
    assert pair.in_step()


def test_lost_reply_no_duplicate(pair: Pair) -> None:
    pair.note(5)
    pair.line.faults = [lost_reply]
    with pytest.raises(Retry, match="cloud-failed"):
        pair.uploader.upload_next()
    assert pair.state().next == 0
    assert pair.remote()["size"] == pair.head().size  # the cloud has them all, the box does not know
    pair.flush()
    assert pair.in_step()
    assert pair.state().next == pair.head().size


def test_two_flushers_one_result(pair: Pair) -> None:
    pair.note(30)
    other = uploading.Uploader(pair.box.db, pair.box.secrets, pair.uploader._cloud, pair.uploader._client)

    def flush(uploader: uploading.Uploader) -> None:
        while uploader.upload_next() is Progress.MORE:
            pass

    with ThreadPoolExecutor(2) as two:
        list(two.map(flush, [pair.uploader, other]))
    assert pair.in_step()


def test_gap_refill(pair: Pair) -> None:
    pair.note(3)
    with pair.box.db.transaction() as tx:  # as if the cloud had been put back from an older backup
        uploads.save_progress(tx, pair.head().epoch_no, 2)
    pair.note(2)
    pair.flush()
    assert pair.in_step()


def test_a_dead_line_is_told_once_and_forgotten_when_it_is_back(pair: Pair) -> None:
    pair.note()
    pair.line.faults = [answering("500 Oh")] * 2
    for _ in range(2):
        with pytest.raises(Retry, match="cloud-failed"):
            pair.uploader.upload_next()
    assert "tried again" in (pair.state().last_error or "")
    pair.flush()
    assert pair.state().last_error is None


@pytest.mark.parametrize(
    ("fault", "code", "after_s"),
    [
        (answering("503 Busy", headers=[("Retry-After", "7")]), "cloud-asks-to-wait", 7),
        (answering("429 Slow", headers=[("Retry-After", "99999999")]), "cloud-asks-to-wait", 3600),
        (answering("503 Busy", headers=[("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT")]), "cloud-asks-to-wait", 0),
        (answering("401 No"), "cloud-pair-again", None),
        (answering("404 No", b"<h1>Not here</h1>"), "cloud-wrong-address", None),
        (answering("302 Hotel", headers=[("Location", "http://login.invalid/")]), "cloud-wrong-address", None),
        (answering("200 OK", b"<h1>Welcome to our Wi-Fi</h1>"), "cloud-answer-malformed", None),
        (answering("200 OK", b"{}"), "cloud-answer-malformed", None),
        (answering("200 OK", b"[" + b"1," * 600_000), "cloud-answer-malformed", None),
    ],
    ids=["503", "429", "503 with a date", "401", "404", "redirect", "captive portal", "other json", "too long"],
)
def test_every_answer_has_a_name_and_loses_nothing(pair: Pair, fault: object, code: str, after_s: float | None) -> None:
    pair.note()
    pair.line.faults = [fault]
    with pytest.raises(StallError) as caught:
        pair.uploader.upload_next()
    assert caught.value.code == code
    if isinstance(caught.value, Retry):
        assert caught.value.after_s == after_s
    assert pair.state().last_error == caught.value.sentence
    pair.flush()
    assert pair.in_step()


def test_a_refused_batch_is_halved_until_one_event_is_named(pair: Pair) -> None:
    pair.note(30)
    pair.line.always = answering("400 Bad Request", OURS)
    with pytest.raises(Refused, match="cloud-refuses-batch"):
        pair.flush()
    assert pair.line.requests <= 8  # halving, not one by one, and no spinning
    doubts = uploads.read_doubts(pair.box.db.read(), pair.head().epoch_no)
    assert [(each.seq, each.verdict) for each in doubts] == [(0, "refused")]
    pair.line.always = None
    pair.flush()
    assert pair.in_step()


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer.update(cosigned=None),
        lambda answer: answer["verdicts"].pop(),
        lambda answer: answer["verdicts"][0].update(seq=7),
        lambda answer: answer["verdicts"][0].update(verdict="maybe"),
        lambda answer: [each.update(verdict="gap") for each in answer["verdicts"]],
        lambda answer: answer.update(next=-1, verdicts=[{**each, "verdict": "gap"} for each in answer["verdicts"]]),
    ],
    ids=["not cosigned", "too few", "other seq", "unknown word", "gap that is none", "gap below zero"],
)
def test_an_answer_that_contradicts_the_journal_is_not_believed(pair: Pair, change: Callable[[Any], object]) -> None:
    pair.note(3)

    def liar(app: Any, environ: dict[str, Any], start: Any) -> list[bytes]:
        answer = json.loads(b"".join(app(environ, lambda *_: None)))
        change(answer)
        start("200 OK", [])
        return [json.dumps(answer).encode()]

    pair.line.faults = [liar]
    with pytest.raises(WireError, match="cloud-answer-contradicts"):
        pair.uploader.upload_next()
    assert pair.state().next == 0
    pair.flush()
    assert pair.in_step()


def test_a_cosignature_by_another_key_is_not_believed(pair: Pair) -> None:
    impostor = keys.SigningKey.from_seed(bytes([77]) * 32)
    pair.note()
    with pair.box.db.transaction() as tx:
        accept_delegation(tx, delegate(impostor, CREATOR, role="cloud", cap=("cosign",), max=None))
    pair.uploader._cloud_public = impostor.public
    with pytest.raises(WireError, match="cloud-not-cosigned"):
        pair.uploader.upload_next()
    assert pair.state().cosigned is None


def test_a_cosigned_note_of_another_moment_is_not_believed(pair: Pair) -> None:
    pair.note()
    pair.flush()
    old = pair.state().cosigned

    def stale(app: Any, environ: dict[str, Any], start: Any) -> list[bytes]:
        answer = json.loads(b"".join(app(environ, lambda *_: None)))
        start("200 OK", [])
        return [json.dumps({**answer, "cosigned": old}).encode()]

    pair.note()
    pair.line.faults = [stale]
    with pytest.raises(WireError, match="cloud-answer-contradicts"):
        pair.uploader.upload_next()


def test_a_cloud_delegated_for_something_else_gets_nothing(pair: Pair) -> None:
    pair.note()
    with pair.box.db.transaction() as tx:
        accept_delegation(tx, delegate(pair.cloud.key, CREATOR, role="cloud", cap=("decline",), max=None, seq=2))
    with pytest.raises(WireError, match="delegation-cap"):
        pair.uploader.upload_next()
    assert pair.line.requests == 0


def test_an_older_cosigned_note_never_replaces_a_newer_one(pair: Pair) -> None:
    with pair.box.db.transaction() as tx:
        uploads.save_progress(tx, 1, 9)
        uploads.save_cosigned(tx, 1, "nine", 9)
        uploads.save_cosigned(tx, 1, "five", 5)
    assert (pair.state().cosigned, pair.state().cosigned_size) == ("nine", 9)


def test_a_cloud_the_creator_did_not_delegate_gets_nothing(pair: Pair) -> None:
    pair.note()
    pair.uploader._cloud_public = keys.SigningKey.from_seed(bytes([78]) * 32).public
    with pytest.raises(Refused, match="cloud-not-delegated"):
        pair.uploader.upload_next()
    assert pair.line.requests == 0


def test_bad_event_does_not_block(pair: Pair) -> None:
    with pair.box.db.transaction() as tx:
        journal.append(
            tx.conn, tx.moment, "sale", {"receipt": "not.a.receipt"}
        )  # past what posts it: no flow makes one
    pair.note(2)
    pair.flush()
    assert pair.in_step()
    doubts = uploads.read_doubts(pair.box.db.read(), pair.head().epoch_no)
    assert [each.verdict for each in doubts] == ["quarantined"]


def test_week_offline_still_idempotent(pair: Pair) -> None:
    pair.note(5)
    pair.line.faults = [lost_reply]
    with pytest.raises(Retry):
        pair.uploader.upload_next()
    pair.clock.advance(24 * 3_600_000)
    pair.note(5)
    for _ in range(6):
        pair.clock.advance(24 * 3_600_000)
        pair.note()
    pair.flush()
    assert pair.in_step()
    assert pair.remote("totals")["doubtful"] == []
