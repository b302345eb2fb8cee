"""`stall journal export` as a stranger checks it, with a script that imports nothing of the product; and changed exports."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stall.errors import Broken
from stall.flows import export_journal as export
from stall.flows.checkpoint import sign_checkpoint
from stall.flows.export_journal import export_journal
from stall.store import journal, proofs, uploads
from stall.store.box import Box
from stall.wire import b64, canonical, event, jws, keys, merkle, note, receipt
from tests.fakes.checking import SCRIPT, check
from tests.fakes.stock import PRINTS, Stocked
from tests.flows import busy_day

CLOUD = keys.SigningKey.from_seed(bytes([5]) * 32)
CLOUD_NAME = "stall.example/cloud"
STRANGER = keys.SigningKey.from_seed(bytes([8]) * 32)

Line = dict[str, Any]


def cosign(stall: Stocked) -> None:
    """Let a cloud say that it holds what the journal has now."""
    with stall.box.db.transaction() as tx:
        text = sign_checkpoint(tx)
        head = journal.read_head(tx.conn)
        uploads.save_progress(tx, head.epoch_no, head.size)
        uploads.save_cosigned(
            tx, head.epoch_no, note.cosign(CLOUD, CLOUD_NAME, text, stall.clock.wall // 1000), head.size
        )
    stall.clock.advance(2000)


def exported(box: Box) -> list[Line]:
    return [json.loads(line) for line in export_journal(box)]


def written(path: Path, lines: list[Line]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def day(stall: Stocked) -> Stocked:
    cosign(stall)
    busy_day.live_through(stall)
    return stall


def test_a_day_of_every_kind_holds_and_adds_up(day: Stocked, tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl", exported(day.box))
    ran = check(path, "--box", day.box.secrets.signing.did, "--cosigner", f"{CLOUD_NAME}={b64.encode(CLOUD.public)}")
    assert (ran.returncode, ran.stderr) == (0, "")
    said = ran.stdout.splitlines()
    assert said[0] == "ok"
    assert f"cosigned by {CLOUD_NAME} at 20" in said[1]
    assert f"{PRINTS}: {len(busy_day.SOLD)} numbers sold, none twice" in said
    for tender, minor in busy_day.TAKEN.items():
        assert any(line.startswith(f"{tender}: {minor} minor units of EUR (") for line in said), tender


@pytest.fixture
def lives(stall: Stocked) -> Stocked:
    busy_day.two_lives(stall)
    return stall


def test_every_life_of_the_database_is_exported_and_follows_from_the_one_before(lives: Stocked, tmp_path: Path) -> None:
    ran = check(written(tmp_path / "journal.jsonl", exported(lives.box)), "--box", lives.box.secrets.signing.did)
    assert (ran.returncode, ran.stderr) == (0, "")
    said = ran.stdout.splitlines()
    assert [line.split()[0] for line in said[1:3]] == ["epoch", "epoch"]
    assert f"{PRINTS}: {len(busy_day.SOLD_IN_BOTH)} numbers sold, none twice" in said


def test_an_export_without_its_newest_epoch_is_right_in_itself_and_the_check_says_what_would_tell(
    lives: Stocked, tmp_path: Path
) -> None:
    lines = exported(lives.box)
    second = [at for at, line in enumerate(lines) if line["type"] == "checkpoint"][1]
    kept = [{**line, "epochs": 1} if line["type"] == "checkpoint" else line for line in lines[:second]]
    ran = check(written(tmp_path / "journal.jsonl", kept))
    said = ran.stdout.splitlines()
    assert (ran.returncode, said[0]) == (0, "ok")
    assert "a cosigner's newest note or the cloud's list of epochs" in said[-1]


def heads(lines: list[Line]) -> list[int]:
    return [n for n, line in enumerate(lines) if line["type"] == "checkpoint"]


def test_a_life_left_out_or_out_of_place_is_named(lives: Stocked, tmp_path: Path) -> None:
    lines = exported(lives.box)
    second = heads(lines)[1]
    for changed, sentence in (
        (lines[:second], "its end is missing"),
        ([*lines[second:], *lines[:second]], "is not in this export before it"),
        (
            [{**line, "epochs": 1} if "epochs" in line else line for line in lines[second:]],
            "is not in this export before it",
        ),
        ([*lines, *lines[:second]], "stands in the export twice"),
    ):
        ran = check(written(tmp_path / "journal.jsonl", changed))
        assert (ran.returncode, ran.stdout) == (1, "")
        assert sentence in ran.stderr


def test_the_script_needs_nothing_of_the_product(day: Stocked, tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl", exported(day.box))
    code = "import runpy, sys; sys.modules['stall'] = None; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    ran = subprocess.run(
        [sys.executable, "-I", "-c", code, str(SCRIPT), str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_every_receipt_and_certificate_stands_with_its_own_proof(day: Stocked) -> None:
    first, *rest = exported(day.box)
    root = base64.b64decode(first["note"].splitlines()[2])
    proved = [line for line in rest if "proof" in line]
    carrying = [
        line
        for line in rest
        if b'"receipt":"' in b64.decode(line["bytes"]) or b'"certificate"' in b64.decode(line["bytes"])
    ]
    assert proved == carrying
    assert len(proved) >= 10
    for line in proved:
        leaf = merkle.leaf_hash(b64.decode(line["bytes"]))
        merkle.verify_inclusion(line["seq"], len(rest), leaf, [b64.decode(each) for each in line["proof"]], root)


def receipts(lines: list[Line]) -> list[int]:
    return [n for n, line in enumerate(lines) if "bytes" in line and b'"receipt":"' in b64.decode(line["bytes"])]


def resigned(box: Box, lines: list[Line], key: keys.SigningKey | None = None) -> list[Line]:
    """Sign a changed export anew and give it new proofs, as a thief of the box's key could (or of another's)."""
    key = key or box.secrets.signing
    head, *rest = lines
    events = [b64.decode(line["bytes"]) for line in rest]
    leaves = [merkle.leaf_hash(data) for data in events]
    origin = note.origin(key.thumbprint, b64.decode(head["epoch"]))
    text = note.sign(key, origin, note.Checkpoint(origin, len(leaves), merkle.root_of(leaves)).body())
    made = [{"type": "checkpoint", "box": key.did, "epoch": head["epoch"], "epochs": 1, "note": text}]
    for seq, data in enumerate(events):
        made.append({"type": "event", "seq": seq, "bytes": b64.encode(data)})
        if "proof" in rest[min(seq, len(rest) - 1)]:
            made[-1]["proof"] = [b64.encode(each) for each in merkle.inclusion_proof(seq, leaves)]
    return made


def rewritten(line: Line, change: Callable[[dict[str, Any]], None]) -> Line:
    fact = json.loads(b64.decode(line["bytes"]))
    change(fact)
    return {**line, "bytes": b64.encode(canonical.dumps(fact))}


def _flip(text: str, at: int) -> str:
    data = bytearray(b64.decode(text))
    data[at % len(data)] ^= 1
    return b64.encode(bytes(data))


def bit_in_an_event(_: Box, lines: list[Line]) -> list[Line]:
    at = receipts(lines)[2]
    lines[at]["bytes"] = _flip(lines[at]["bytes"], 400)
    return lines


def bit_in_a_proof(_: Box, lines: list[Line]) -> list[Line]:
    at = receipts(lines)[2]
    lines[at]["proof"][1] = _flip(lines[at]["proof"][1], 3)
    return lines


def bit_in_the_consistency_proof(_: Box, lines: list[Line]) -> list[Line]:
    lines[0]["cosigned"]["proof"][0] = _flip(lines[0]["cosigned"]["proof"][0], 3)
    return lines


def a_line_dropped(_: Box, lines: list[Line]) -> list[Line]:
    return lines[:9] + lines[10:]


def the_end_dropped(_: Box, lines: list[Line]) -> list[Line]:
    return lines[:-1]


def lines_swapped(_: Box, lines: list[Line]) -> list[Line]:
    return [*lines[:9], lines[10], lines[9], *lines[11:]]


def numbers_swapped_too(_: Box, lines: list[Line]) -> list[Line]:
    first, second = {**lines[10], "seq": lines[9]["seq"]}, {**lines[9], "seq": lines[10]["seq"]}
    return [*lines[:9], first, second, *lines[11:]]


def a_proof_left_out(_: Box, lines: list[Line]) -> list[Line]:
    del lines[receipts(lines)[0]]["proof"]
    return lines


def signed_by_another(box: Box, lines: list[Line]) -> list[Line]:
    made = resigned(box, lines, STRANGER)
    made[0]["box"] = box.secrets.signing.did
    return made


def of_another_box(box: Box, lines: list[Line]) -> list[Line]:
    return resigned(box, lines, STRANGER)


def an_event_of_another_epoch(box: Box, lines: list[Line]) -> list[Line]:
    lines[9] = rewritten(lines[9], lambda fact: fact.update(epoch="AAAAAAAAAAAAAAAAAAAAAA"))
    return resigned(box, lines)


def time_running_back(box: Box, lines: list[Line]) -> list[Line]:
    lines[9] = rewritten(lines[9], lambda fact: fact.update(at=fact["at"] - 10_000))
    return resigned(box, lines)


def a_step_left_out(box: Box, lines: list[Line]) -> list[Line]:
    sent = next(n for n, line in enumerate(lines[1:], 1) if b'"state":"sent"' in b64.decode(line["bytes"]))
    lines[sent] = rewritten(lines[sent], lambda fact: fact["body"].update(state="approved"))
    return resigned(box, lines)


def a_number_sold_twice(box: Box, lines: list[Line]) -> list[Line]:
    """The second receipt of the limited drop names the first one's number, signed by the box itself."""
    own = box.secrets.signing
    at = receipts(lines)[1]

    def change(fact: dict[str, Any]) -> None:
        claims = jws.verify(fact["body"]["receipt"], {own.thumbprint: own.public}, receipt.TYP)
        claims["items"][0]["ed"] = 1
        fact["body"]["receipt"] = jws.sign(own, receipt.TYP, claims)

    lines[at] = rewritten(lines[at], change)
    return resigned(box, lines)


def a_receipt_for_less_than_was_paid(box: Box, lines: list[Line]) -> list[Line]:
    at = receipts(lines)[1]
    lines[at - 1] = rewritten(lines[at - 1], lambda fact: fact["body"].update(minor=1))
    lines[at] = rewritten(lines[at], lambda fact: fact["body"].update(minor=1))
    return resigned(box, lines)


def a_receipt_of_another_box(box: Box, lines: list[Line]) -> list[Line]:
    own = box.secrets.signing

    def change(fact: dict[str, Any]) -> None:
        claims = jws.verify(fact["body"]["receipt"], {own.thumbprint: own.public}, receipt.TYP)
        fact["body"]["receipt"] = jws.sign(STRANGER, receipt.TYP, {**claims, "iss": STRANGER.thumbprint})

    at = receipts(lines)[0]
    lines[at] = rewritten(lines[at], change)
    return resigned(box, lines)


def a_lease_nobody_gave(box: Box, lines: list[Line]) -> list[Line]:
    at = next(n for n, line in enumerate(lines[1:], 1) if b'"kind":"lease"' in b64.decode(line["bytes"]))
    lines[at] = rewritten(lines[at], lambda fact: fact["body"].update(ranges=[[2, 5]]))
    return resigned(box, lines)


def _z_report(lines: list[Line]) -> int:
    return next(n for n, line in enumerate(lines[1:], 1) if b'"kind":"shift_close"' in b64.decode(line["bytes"]))


def a_z_report_with_another_sum(box: Box, lines: list[Line]) -> list[Line]:
    at = _z_report(lines)

    def change(fact: dict[str, Any]) -> None:
        for part in (fact["body"]["vat"][0], fact["body"]["unfinished"]):
            part["net" if "net" in part else "minor"] += 1 if "net" in part else -1

    lines[at] = rewritten(lines[at], change)
    return resigned(box, lines)


def a_z_report_left_out(box: Box, lines: list[Line]) -> list[Line]:
    at = _z_report(lines)
    lines[at] = rewritten(lines[at], lambda fact: fact["body"].update(z=2))
    return resigned(box, lines)


def an_epoch_too_few(_: Box, lines: list[Line]) -> list[Line]:
    lines[0]["epochs"] = 2
    return lines


def true_for_one_epoch(_: Box, lines: list[Line]) -> list[Line]:
    lines[0]["epochs"] = True
    return lines


def false_for_the_first_event(_: Box, lines: list[Line]) -> list[Line]:
    lines[1]["seq"] = False
    return lines


def true_for_the_second_event(box: Box, lines: list[Line]) -> list[Line]:
    lines[2] = rewritten(lines[2], lambda fact: fact.update(seq=True))
    return resigned(box, lines)


def true_for_the_version(box: Box, lines: list[Line]) -> list[Line]:
    lines[2] = rewritten(lines[2], lambda fact: fact.update(v=True))
    return resigned(box, lines)


def true_for_a_time(box: Box, lines: list[Line]) -> list[Line]:
    lines[1] = rewritten(lines[1], lambda fact: fact.update(at=True))
    return resigned(box, lines)


def false_for_a_tip(box: Box, lines: list[Line]) -> list[Line]:
    """A receipt whose tip is `false` instead of 0, signed by the box itself."""
    own = box.secrets.signing
    at = receipts(lines)[1]

    def change(fact: dict[str, Any]) -> None:
        claims = jws.verify(fact["body"]["receipt"], {own.thumbprint: own.public}, receipt.TYP)
        claims["tip"] = False
        fact["body"]["receipt"] = jws.sign(own, receipt.TYP, claims)

    lines[at] = rewritten(lines[at], change)
    return resigned(box, lines)


def another_beginning_cosigned(box: Box, lines: list[Line]) -> list[Line]:
    own = box.secrets.signing
    origin = note.origin(own.thumbprint, b64.decode(lines[0]["epoch"]))
    size = int(lines[0]["cosigned"]["note"].splitlines()[1])
    text = note.sign(own, origin, note.Checkpoint(origin, size, hashlib.sha256(b"another").digest()).body())
    lines[0]["cosigned"]["note"] = note.cosign(CLOUD, CLOUD_NAME, text, 1_800_000_000)
    return lines


@pytest.mark.parametrize(
    ("tamper", "sentence"),
    [
        (bit_in_an_event, "is not JSON|the place of|not signed by|does not lead"),
        (bit_in_a_proof, "does not lead to the signed root"),
        (bit_in_the_consistency_proof, "that were cosigned"),
        (a_line_dropped, "In the place of event 8"),
        (the_end_dropped, "events here, signed were"),
        (lines_swapped, "In the place of event 8"),
        (numbers_swapped_too, "In the place of event 8"),
        (a_proof_left_out, "No proof stands beside"),
        (signed_by_another, "not written as one of this box"),
        (of_another_box, "not headed as one of this box"),
        (an_event_of_another_epoch, "stands event 8 of epoch AAAA"),
        (time_running_back, "before that of the event in front"),
        (a_step_left_out, "goes from requested to approved"),
        (a_number_sold_twice, "sold a second time"),
        (a_receipt_for_less_than_was_paid, "names other payments"),
        (a_receipt_of_another_box, "not headed as one of this box"),
        (a_lease_nobody_gave, "without a lease"),
        (a_z_report_with_another_sum, "other sums"),
        (a_z_report_left_out, "not the next one"),
        (an_epoch_too_few, "its end is missing"),
        (true_for_one_epoch, "not a whole number"),
        (false_for_the_first_event, "not a whole number"),
        (true_for_the_second_event, "not a whole number"),
        (true_for_the_version, "not a whole number"),
        (true_for_a_time, "not a whole number"),
        (false_for_a_tip, "not a whole number"),
        (another_beginning_cosigned, "does not begin with"),
    ],
)
def test_a_changed_export_is_named(
    day: Stocked, tmp_path: Path, tamper: Callable[[Box, list[Line]], list[Line]], sentence: str
) -> None:
    ran = check(written(tmp_path / "journal.jsonl", tamper(day.box, exported(day.box))))
    assert (ran.returncode, ran.stdout) == (1, ""), ran.stderr
    assert ran.stderr.startswith("wrong: ")
    assert re.search(sentence, ran.stderr), ran.stderr
    assert "Traceback" not in ran.stderr


def test_resigning_alone_changes_nothing_so_the_changes_above_are_what_is_found(day: Stocked, tmp_path: Path) -> None:
    ran = check(written(tmp_path / "journal.jsonl", resigned(day.box, exported(day.box))))
    assert (ran.returncode, ran.stderr) == (0, "")


def test_an_honest_looking_journal_of_another_box_is_found_by_the_name_of_the_box(day: Stocked, tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl", exported(day.box))
    ran = check(path, "--box", STRANGER.did)
    assert ran.returncode == 1
    assert "not of did:key:" in ran.stderr


@pytest.mark.parametrize(
    "text", ["", "[]\n", "not json\n", '{"type": "event"}\n', '{"type": "checkpoint", "box": 1}\n', "\xff"]
)
def test_what_is_no_export_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(text.encode("latin-1"))
    ran = check(path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("wrong: ")
    assert ran.stderr.count("\n") == 1
    assert "Traceback" not in ran.stderr


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.touch()
    assert check(path).stderr == "wrong: The file is empty: it holds no export.\n"


def test_an_event_that_was_changed_on_the_disk_is_not_exported_as_if_it_were_right(day: Stocked) -> None:
    with day.box.db.transaction() as tx:
        tx.conn.execute("UPDATE events SET bytes = x'7b7d' WHERE id = (1 << 40) + 9")
    with pytest.raises(Broken) as refusal:
        exported(day.box)
    assert refusal.value.code == "journal-broken"


def test_memory_does_not_grow_with_the_export(stall: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "_ROWS", 4)  # so that few events fill what is kept in memory
    monkeypatch.setattr(export, "RUN_BYTES", 50_000)
    peaks = []
    for _ in range(2):
        with stall.box.db.transaction() as tx:
            for n in range(4500):
                tx.append("test", {"n": n})
        stall.clock.advance(2000)
        tracemalloc.start()
        lines = sum(1 for _ in export_journal(stall.box))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert lines == journal.read_head(stall.box.db.read()).size + 1
    assert peaks[1] < peaks[0] * 1.2, peaks


def test_the_first_event_names_no_parent(day: Stocked) -> None:
    assert event.decode(b64.decode(exported(day.box)[1]["bytes"])).body == {"parent": None}
