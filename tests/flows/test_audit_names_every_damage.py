"""`journal verify` on a day with every kind of event: nothing to say when all is well, and each damage by its name."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stall.flows.export_journal import export_journal
from stall.flows.keep_hashes import keep_all_hashes
from stall.store import journal, readers, secrets
from stall.store.audit import Audit, audit, describe
from stall.store.audit.found import MOST
from stall.wire import canonical, event, jws, keys, merkle, note, receipt
from tests.fakes import stock
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.flows import busy_day, selling

STRANGER = keys.SigningKey.from_seed(bytes([8]) * 32)


def looked_at(stall: Stocked) -> Audit:
    return audit(stall.box.db.read(), stall.box.secrets.signing.public)


@pytest.fixture(scope="session")
def busy_folder(stocked_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("busy") / "box"
    made = stock.copy(stocked_folder, folder)
    with made.box.db.transaction() as tx:
        readers.report(tx, 1, "Reader", "ready", "Ready")
    busy_day.two_lives(made)
    made.box.close()
    return folder


@pytest.fixture
def busy(busy_folder: Path, tmp_path: Path) -> Iterator[Stocked]:
    made = stock.copy(busy_folder, tmp_path / "box")
    yield made
    made.box.close()


def test_a_day_of_every_kind_and_a_second_life_have_no_findings(busy: Stocked) -> None:
    found = looked_at(busy)
    assert found.findings == []
    assert found.epochs == 2
    assert found.tenders == busy_day.TAKEN_IN_BOTH
    assert found.sold == {(PRINTS, number) for number in busy_day.SOLD_IN_BOTH}
    head = journal.read_head(busy.box.db.read())
    assert (found.epoch, found.root) == (head.epoch_text, head.frontier.root())
    assert describe(found)["ok"] is True


def test_the_busy_day_has_an_event_of_every_kind_there_is(busy: Stocked) -> None:
    conn = busy.box.db.read()
    kinds = {event.decode(data).kind for no in journal.epoch_numbers(conn) for _, data in journal.all_events(conn, no)}
    page = (Path(__file__).parents[2] / "docs/protocol.md").read_text().split("### 7.1 Events\n")[1].split("\n### ")[0]
    assert kinds == set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE))


FIRST = "(1 << 40)"  # the key of event 0 of the first epoch
ROWS = [
    # what stands in the tables
    ("UPDATE attempts SET amount_minor = amount_minor + 1 WHERE tender = 'cash'", "minor is 450 in the journal and 451"),
    ("UPDATE attempts SET tender = 'voucher' WHERE tender = 'cash'", "Receipts say [0-9]+ by cash, the table of payments says 0"),
    ("UPDATE attempts SET state = 'declined' WHERE state = 'paid' AND tender = 'card'", "state is paid in the journal and declined"),
    ("UPDATE attempts SET settlement = 'online' WHERE settlement = 'declined_late'", "settlement is stored in the journal and online"),
    ("UPDATE attempts SET settlement = 'stored' WHERE settlement = 'declined_late'", "was refused later in event [0-9]+ and not in the table"),
    ("UPDATE attempts SET settlement = 'settled' WHERE settlement = 'declined_late'", "The journal tells of 0 payments that are settled"),
    ("UPDATE attempts SET paid_event = paid_event + 1 WHERE tender = 'cash'", "is paid by event [0-9]+ and by another or none"),
    ("UPDATE exceptions SET seen_event = NULL", "tells of something that somebody looked at that the tables do not have"),
    ("UPDATE exceptions SET seen_by = 'staff' WHERE seen_by IS NOT NULL", "tells of something that somebody looked at"),
    ("UPDATE claims SET state = 'active' WHERE id >> 8 = (SELECT sale FROM attempts WHERE settlement = 'declined_late')", "refused by the bank and its claim code still opens"),
    ("UPDATE day_ends SET upto = upto - 1", "tells of an end of day that the tables do not have"),
    ("UPDATE attempts SET state = 'paid' WHERE state = 'sent'", "state is sent in the journal and paid"),
    ("UPDATE attempts SET receipt_no = 9 WHERE receipt_no = 43", "receipt_no is 43 in the journal and 9"),
    ("UPDATE attempts SET sale = sale + 1, ordinal = 9 WHERE no = 1", "Payment 1: ordinal is 1 in the journal and 9"),
    ("UPDATE attempts SET decided_by = 'staff' WHERE reason = 'operator'", "decided_by is maker in the journal and staff"),
    ("DELETE FROM attempts WHERE tender = 'comp'", "of the journal is not in the table of payments"),
    (("INSERT INTO attempts SELECT (SELECT max(no) + 1 FROM attempts), sale, 9, kind, of, tender, reader, state, settlement, amount_minor, cur, given_minor, offline,"
     " decided_by, reason, boot_id, requested_boottime_ms, requested_ms, ended_ms, cancel_wanted, display, tid, receipt_no, trace,"
     " baseline_tid, baseline_receipt, NULL, NULL, NULL FROM attempts WHERE no = 1"), "payments, the tables have"),
    ("UPDATE sales SET state = 'basket' WHERE no = 1", "Sale 1: the receipt in event [0-9]+ says otherwise than the table of sales"),
    ("UPDATE sales SET state = 'dropped' WHERE no = 1", "Sale 1 was given up though .*4.50.* was taken"),
    ("UPDATE sales SET total_minor = 1 WHERE no = 1", "Sale 1: the receipt in event [0-9]+ says otherwise"),
    ("UPDATE sales SET receipt_event = receipt_event + 1 WHERE no = 1", "Sale 1: the receipt in event [0-9]+ says otherwise"),
    ("UPDATE sales SET epoch_no = (SELECT max(no) FROM epochs) WHERE no = 1", "Sale 1: the receipt in event [0-9]+ says otherwise"),
    ("DELETE FROM sales WHERE no = 1", "Sale 1 has a receipt in event [0-9]+ and is not in the table"),
    ("INSERT INTO sales (no, epoch_no, origin, created_ms, state, cur, total_minor) SELECT max(no) + 1, 1, 'till', 1, 'paid', 'EUR', 5 FROM sales",
     "finished sales, the tables have"),
    ("UPDATE lines SET minor = minor - 1 WHERE id = 1 << 8", "Sale 1: the receipt in event [0-9]+ lists other items"),
    ("UPDATE lines SET ed = 5 WHERE id = 1 << 8", "Sale 1: the receipt in event [0-9]+ lists other items"),
    ("DELETE FROM lines WHERE id = 1 << 8", "Sale 1: the receipt in event [0-9]+ lists other items"),
    ("UPDATE claims SET digest = zeroblob(32) WHERE id = (1 << 8) + 1", "claim code on the receipt of sale 1 opens nothing"),
    ("DELETE FROM claims WHERE id = (1 << 8) + 1", "claim code on the receipt of sale 1 opens nothing"),
    ("UPDATE claims SET state = 'revoked' WHERE id = (1 << 8) + 1", "claim code of sale 1 is revoked and nothing in the journal made it so"),
    ("UPDATE sales SET paid_ms = paid_ms + 86400000 WHERE no = 1", "Sale 1: the receipt in event [0-9]+ says otherwise"),
    ("UPDATE attempts SET baseline_receipt = baseline_receipt + 1 WHERE baseline_receipt > 0 AND state <> 'sent'", "Payment [0-9]+: baseline is"),
    ("INSERT INTO claims VALUES ((99 << 8) + 1, zeroblob(32), 'active', 1)", "claim codes, the tables have"),
    ("UPDATE certificates SET document = replace(document, 'For private use', 'For any use')", "The certificate of sale 1 is not the one the journal has"),
    ("UPDATE certificates SET uuid = zeroblob(16) WHERE line = 1 << 8", "The certificate of sale 1 is not the one"),
    ("UPDATE certificates SET event = event + 1 WHERE line = 1 << 8", "The certificate of event [0-9]+ is not in the table"),
    ("DELETE FROM certificates WHERE line = 1 << 8", "The certificate of event [0-9]+ is not in the table"),
    ("DELETE FROM grants WHERE no = 1", "tells of a phone that may download that the tables do not have"),
    ("UPDATE grants SET claim = (2 << 8) + 1 WHERE no = 1", "tells of a phone that may download"),
    ("INSERT INTO grants SELECT max(no) + 1, claim, 1, 1 FROM grants", "phones that may download, the tables have"),
    ("DELETE FROM downloads", "tells of a download that the tables do not have"),
    ("UPDATE day_ends SET total_minor = 1", "tells of an end of day that the tables do not have"),
    ("DELETE FROM day_ends", "tells of an end of day"),
    ("UPDATE print_jobs SET copy = 2 WHERE copy = 1", "tells of something printed again that the tables do not have"),
    ("DELETE FROM print_jobs", "tells of something printed again that the tables do not have"),
    ("INSERT INTO print_jobs (kind, subject, state, copy, event, asked_ms) VALUES ('receipt', 1, 'done', 2, 1, 0)", "papers printed again, the tables have"),
    ("UPDATE exceptions SET sentence = 'Nothing.'", "tells of something a person must look at"),
    ("DELETE FROM exceptions WHERE attempt IS NOT NULL", "tells of something a person must look at"),
    ("INSERT INTO exceptions (kind, sentence, at_ms) VALUES ('x', 'y', 1)", "must look at, the tables have"),
    ("UPDATE drops SET switched_on = 0 WHERE drop_id = 'night-zine'", "The drop night-zine is closed in the table and not in the journal"),
    ("UPDATE packs SET manifest_hash = 'x' WHERE title = 'Night Zine'", "tells of a pack that the tables do not have"),
    ("DELETE FROM files WHERE path = 'zine.pdf'", "tells of a pack"),
    ("DELETE FROM documents WHERE typ = 'stall-delegation+jwt'", "tells of a delegation|names a row of documents that is not there"),
    # the drawer and the shifts
    ("UPDATE drawer_moves SET minor = minor + 1 WHERE way = 'out'", "tells of cash that the table of the drawer does not have so"),
    ("UPDATE drawer_moves SET reason = 'change' WHERE way = 'out'", "tells of cash that the table of the drawer does not have so"),
    ("DELETE FROM drawer_moves WHERE way = 'count'", "tells of cash that the table of the drawer does not have so"),
    ("INSERT INTO drawer_moves (event, way, minor, at_ms) VALUES (1, 'in', 5, 1)", "moves of the drawer, the table has"),
    ("UPDATE drawer_moves SET salt = zeroblob(32) WHERE way = 'float'", "has no words, and the table of the drawer keeps some"),
    ("UPDATE shifts SET closed_event = closed_event + 1 WHERE no = 1", "The Z-report in event [0-9]+ is not the one the table of shifts has"),
    ("UPDATE shifts SET opened_ms = 1 WHERE no = 1", "The Z-report in event [0-9]+ is not the one the table of shifts has"),
    ("DELETE FROM shifts WHERE no = 2", "The table of shifts is not that of the Z-reports"),
    ("UPDATE shifts SET no = 7 WHERE no = 3", "The table of shifts is not that of the Z-reports"),
    ("INSERT INTO shifts (no) VALUES (4)", "The table of shifts is not that of the Z-reports"),
    ("UPDATE shifts SET opened_event = 5, opened_ms = 5 WHERE no = 3", "The table of shifts is not that of the Z-reports"),
    ("UPDATE postings SET minor = minor + 1 WHERE account = 'vat:1900' AND event = (SELECT min(event) FROM postings)",
     "The Z-report in event [0-9]+ adds up to other sums than the events of its shift"),
    # people and devices
    ("UPDATE staff SET role = 'maker' WHERE name = 'Bo'", "Person 3 is maker in the table and staff in the journal"),
    ("UPDATE staff SET active = 1 WHERE name = 'Ada'", "Person 2 is bookkeeper in the table and bookkeeper, left in the journal"),
    ("INSERT INTO staff (no, role, name, pin_hash) VALUES (9, 'maker', 'Eve', 'x')", "Person 9 is maker in the table and nobody in the journal"),
    ("DELETE FROM staff WHERE name = 'Bo'", "tells of a person or a device that the tables do not have"),
    ("INSERT INTO devices (digest, name, enrolled_ms) VALUES (x'00', 'Phone', 1)", "Device 1 is enrolled in the table, which the journal does not say"),
    # edition numbers
    ("UPDATE numbers SET state = 0, sale = NULL WHERE state = 2 AND sale = 1", "Number 1 of harbour-prints is free in the table of numbers, and sold in a receipt"),
    ("UPDATE numbers SET sale = 2 WHERE state = 2 AND sale = 1", "Number 1 of harbour-prints belongs to another sale in the table than in its receipt"),
    ("UPDATE numbers SET state = 2, sale = 1 WHERE (id & 1048575) = 5", "Number 5 of harbour-prints is sold in the table of numbers, and no receipt"),
    ("UPDATE numbers SET state = 3, sale = 1 WHERE (id & 1048575) = 5", "Number 5 of harbour-prints is void in the table of numbers, and nothing"),
    ("UPDATE numbers SET state = 4, sale = NULL WHERE (id & 1048575) = 5", "Number 5 of harbour-prints is frozen in the table of numbers, though"),
    ("UPDATE numbers SET lease = 1 WHERE (id & 1048575) = 5", "Number 5 of harbour-prints is free in the table of numbers, though its lease"),
    ("UPDATE numbers SET state = 1, sale = 1 WHERE (id & 1048575) = 5", "Number 5 of harbour-prints is held by no open sale \\(sale 1\\)"),
    ("UPDATE numbers SET state = 1 WHERE (id & 1048575) = 5", "is held in the table of numbers, and belongs to no sale"),
    ("DELETE FROM numbers WHERE (id & 1048575) = 5", "5 numbers were leased and 4 are accounted for"),
    ("UPDATE numbers SET id = id + 1 WHERE (id & 1048575) = 5", "Number 6 of harbour-prints stands under a lease that does not grant it"),
    ("UPDATE documents SET token = substr(token, 1, length(token) - 86) || hex(zeroblob(43)) WHERE typ = 'stall-lease+jwt'",
     "The lease of event [0-9]+ does not hold"),
    ("UPDATE leases SET lease_seq = 9 WHERE no = 1", "The lease of event [0-9]+ is not in the table"),
    ("UPDATE leases SET epoch_no = (SELECT max(no) FROM epochs) WHERE no = 1", "The lease of event [0-9]+ is not in the table"),
    ("INSERT INTO leases SELECT 9, document, 'x', drop_no, 9, epoch_no, 1 FROM leases WHERE no = 1", "The table of leases has others"),
    # the journal
    (f"DELETE FROM events WHERE id = {FIRST} + 20", "Event 20 is missing; 21 comes next"),
    (f"UPDATE events SET id = {FIRST} + 1000 WHERE id = {FIRST} + 20", "Event 20 is missing"),
    (f"UPDATE events SET bytes = (SELECT bytes FROM events WHERE id = {FIRST} + 21) WHERE id = {FIRST} + 20", "Event 20 says it is event 21"),
    (f"UPDATE events SET bytes = x'7b7d' WHERE id = {FIRST} + 20", "Event 20 cannot be read"),
    (f"UPDATE events SET bytes = CAST(replace(bytes, '\"minor\":450', '\"minor\":451') AS BLOB) WHERE id > {FIRST}", "events do not make the root"),
    ("DELETE FROM events WHERE id = (SELECT max(id) FROM events)", "events do not make the root"),
    (f"DELETE FROM events WHERE id >= {FIRST} + 60 AND id < (2 << 40)", "events do not make the root"),
    ("INSERT INTO events VALUES ((2 << 40) + 1, x'7b7d')", "events of an epoch the box does not know"),
    ("UPDATE journal SET frontier = zeroblob(length(frontier))", "events do not make the root"),
    ("UPDATE journal SET size = size - 1", "The head of the journal cannot be read|do not make the root"),
    ("UPDATE journal SET last_at_ms = last_at_ms + 1", "another time for its last event"),
    ("UPDATE epochs SET frontier = zeroblob(length(frontier)) WHERE no = 1", "events do not make the root"),
    ("UPDATE epochs SET epoch = zeroblob(16) WHERE no = 1", "says it is event 0 of epoch"),
    ("UPDATE checkpoint SET note = replace(note, '— ', '— x') WHERE epoch_no = 1", "A checkpoint of epoch .* does not hold"),
    ("UPDATE checkpoint SET size = size + 1 WHERE epoch_no = 1", "A checkpoint of epoch .* is not of the size or root"),
    ("UPDATE checkpoint SET root = zeroblob(32) WHERE epoch_no = 1", "A checkpoint of epoch .* is not of the size or root"),
]  # fmt: skip


@pytest.fixture
def database(busy_folder: Path, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The busy day's database alone, open to damage: no process keeps it."""
    shutil.copytree(busy_folder, tmp_path / "box")
    conn = sqlite3.connect(tmp_path / "box/stall.sqlite", isolation_level=None)
    conn.row_factory = sqlite3.Row
    yield conn
    conn.close()


@pytest.fixture(scope="session")
def public(busy_folder: Path) -> bytes:
    return secrets.load(busy_folder / "keys").signing.public


@pytest.mark.parametrize(("damage", "finding"), ROWS, ids=[damage[:60] for damage, _ in ROWS])
def test_damage_is_named(database: sqlite3.Connection, public: bytes, damage: str, finding: str) -> None:
    assert database.execute(damage).rowcount >= 1
    found = audit(database, public)
    assert re.search(finding, "\n".join(found.findings)), found.findings


def rewrite(conn: sqlite3.Connection, where: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change one event and make frontier and checkpoint agree with it, as somebody would who knows the database but has no key."""
    epoch_no = 1
    (id_,) = conn.execute(f"SELECT id FROM events WHERE {where} ORDER BY id LIMIT 1").fetchone()
    fact = json.loads(conn.execute("SELECT bytes FROM events WHERE id = ?", (id_,)).fetchone()[0])
    change(fact)
    conn.execute("UPDATE events SET bytes = ? WHERE id = ?", (canonical.dumps(fact), id_))
    frontier = merkle.Frontier.empty()
    for _, data in journal.all_events(conn, epoch_no):
        frontier = frontier.append(merkle.leaf_hash(data))
    conn.execute("UPDATE epochs SET frontier = ? WHERE no = ?", (frontier.to_bytes(), epoch_no))
    conn.execute("DELETE FROM checkpoint WHERE epoch_no = ?", (epoch_no,))


def of(kind: str, more: str = "") -> str:
    return f"id < (2 << 40) AND instr(bytes, '\"kind\":\"{kind}\"') AND instr(bytes, '{more}')"


def _other_receipt(key: keys.SigningKey, own: keys.SigningKey) -> Callable[[dict[str, Any]], None]:
    def change(fact: dict[str, Any]) -> None:
        claims = jws.verify(fact["body"]["receipt"], {own.thumbprint: own.public}, receipt.TYP)
        fact["body"]["receipt"] = jws.sign(key, receipt.TYP, {**claims, "iss": key.thumbprint, "seq": 1})

    return change


FORGED: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    (of("attempt", '"state":"sent"'), lambda fact: fact["body"].update(state="approved"), "goes from requested to approved"),
    (of("attempt", '"state":"requested"'), lambda fact: fact["body"].update(state="sent"), "Payment 2 begins as sent"),
    (of("attempt", '"state":"requested"'), lambda fact: fact["body"].update(attempt=1), "Payment 1 is finished and goes on"),
    (of("attempt"), lambda fact: fact["body"].pop("state"), "does not say what an event of its kind says"),
    (of("attempt"), lambda fact: fact["body"].update(state="dreaming"), "\\(attempt\\) does not say what an event"),
    (of("sale"), lambda fact: fact["body"].update(minor=1), "names other payments than the journal has"),
    (of("sale"), lambda fact: fact.update(at=1), "is earlier than the one before"),
    (of("sale"), lambda fact: fact.update(kind="epoch"), "or begins one again"),
    (of("lease"), lambda fact: fact["body"].update(ranges=[[2, 5]]), "grants other numbers than its signed document"),
    (of("lease"), lambda fact: fact["body"].update(ranges=[[2, 5]]), "number 1 of harbour-prints without a lease"),
    (of("certificate"), lambda fact: fact["body"].update(hash="A" * 43), "is not the one the journal has"),
    (of("certificate"), lambda fact: fact["body"].update(ed=5), "for number 5 of harbour-prints, which sale 1 did not buy"),
    (of("grant"), lambda fact: fact["body"].update(sale=2), "tells of a phone that may download"),
    (of("drop", '"open":true'), lambda fact: fact["body"].update(drop="elsewhere"), "is open in the table and not in the journal"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "change", "finding"), FORGED, ids=[finding for _, _, finding in FORGED])
def test_a_forged_event_is_named_even_where_every_hash_was_made_to_agree(
    database: sqlite3.Connection, public: bytes, where: str, change: Callable[[dict[str, Any]], None], finding: str
) -> None:
    rewrite(database, where, change)
    found = audit(database, public)
    assert re.search(finding, "\n".join(found.findings)), found.findings
    assert any("does not go on from where" in sentence for sentence in found.findings)


@pytest.mark.parametrize("own_key", [True, False])
def test_a_receipt_of_another_key_or_another_place_is_named(
    database: sqlite3.Connection, busy_folder: Path, own_key: bool
) -> None:
    own = secrets.load(busy_folder / "keys").signing
    rewrite(database, of("sale", '"receipt":'), _other_receipt(own if own_key else STRANGER, own))
    found = audit(database, own.public)
    said = "says it belongs to event 1" if own_key else "does not hold"
    assert any(said in sentence for sentence in found.findings), found.findings


def test_a_number_sold_twice_is_named(database: sqlite3.Connection, busy_folder: Path) -> None:
    own = secrets.load(busy_folder / "keys").signing

    def change(fact: dict[str, Any]) -> None:
        claims = jws.verify(fact["body"]["receipt"], {own.thumbprint: own.public}, receipt.TYP)
        claims["items"][0]["ed"] = 1
        fact["body"]["receipt"] = jws.sign(own, receipt.TYP, claims)

    rewrite(database, of("attempt", '"receipt":'), change)
    found = audit(database, own.public)
    assert any("sells number 1 of harbour-prints a second time" in sentence for sentence in found.findings)


def test_a_hold_that_would_never_end_is_named(database: sqlite3.Connection, public: bytes) -> None:
    """Sale and line want the number, but nobody is paying and no time is set."""
    (sale,) = database.execute("SELECT max(no) FROM sales").fetchone()
    database.execute("UPDATE numbers SET state = 1, sale = ? WHERE (id & 1048575) = 5", (sale,))
    database.execute(
        "UPDATE lines SET ed = 5, pack = (SELECT pack FROM lines WHERE id = 1 << 8), lease = (SELECT lease FROM numbers WHERE (id & 1048575) = 5) WHERE id = ? << 8",
        (sale,),
    )
    database.execute("UPDATE sales SET state = 'basket', hold_until_ms = NULL WHERE no = ?", (sale,))
    database.execute("UPDATE attempts SET state = 'declined' WHERE sale = ?", (sale,))
    assert any("would never come free" in sentence for sentence in audit(database, public).findings)


def test_a_cosigned_checkpoint_of_another_journal_is_named(database: sqlite3.Connection, busy_folder: Path) -> None:
    own = secrets.load(busy_folder / "keys").signing
    (epoch,) = database.execute("SELECT epoch FROM epochs WHERE no = 1").fetchone()
    origin = note.origin(own.thumbprint, epoch)
    for size in (12, 100_000):
        text = note.sign(own, origin, note.Checkpoint(origin, size, bytes(32)).body())
        database.execute(
            "INSERT OR REPLACE INTO uploads (epoch_no, next, cosigned, cosigned_size) VALUES (1, 12, ?, ?)",
            (text, size),
        )
        found = audit(database, own.public)
        assert any(f"signed a checkpoint of ({size} events)" in sentence for sentence in found.findings)


def test_wrong_hashes_for_proofs_are_named_and_are_not_the_journals_fault(busy: Stocked) -> None:
    with busy.box.db.transaction() as tx:
        for n in range(300):
            tx.append("test", {"n": n})
    keep_all_hashes(busy.box.db, journal.read_head(busy.box.db.read()).epoch_no)
    assert looked_at(busy).findings == []
    with busy.box.db.transaction() as tx:
        tx.conn.execute("UPDATE tiles SET hashes = zeroblob(8192) WHERE id & ((1 << 40) - 1) = 0")
    (finding,) = looked_at(busy).findings
    assert "kept for proofs are wrong; the journal itself is right" in finding
    list(export_journal(busy.box))
    assert looked_at(busy).findings == []


def test_another_boxs_key_is_not_taken_for_ours(busy: Stocked) -> None:
    found = audit(busy.box.db.read(), STRANGER.public)
    assert any("does not hold" in sentence for sentence in found.findings)


def test_what_is_wrong_everywhere_is_not_listed_for_ever(database: sqlite3.Connection, public: bytes) -> None:
    database.execute(
        "INSERT INTO numbers (id, state, lease) WITH RECURSIVE n(x) AS (SELECT 6 UNION ALL SELECT x + 1 FROM n WHERE x < 900)"
        " SELECT (SELECT drop_no FROM leases LIMIT 1) << 20 | x, 0, 1 FROM n"
    )
    found = audit(database, public)
    assert len(found.findings) == MOST + 1
    assert found.findings[-1] == "There is more, which is not listed."


def test_memory_does_not_grow_with_the_events(stall: Stocked) -> None:
    """Payments that are finished are forgotten: the replay of twice the sales needs the same."""
    peaks = []
    for _ in range(2):
        for _ in range(150):
            selling.cash(stall, selling.basket(stall, ZINE))
        tracemalloc.start()
        assert looked_at(stall).findings == []
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.25 + 50_000, peaks
