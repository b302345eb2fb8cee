"""`journal verify` compares what is offered with what the creator signed: a price that changed on the disk is named."""

from __future__ import annotations

import contextlib
import re
import sqlite3

import pytest

from stall.store.audit import audit
from tests.fakes.stock import Stocked

DAMAGE = {
    "a price": ("UPDATE packs SET price_minor = 45 WHERE price_minor = 450", r"harbour-prints is offered .* \(price\)"),
    "a currency": ("UPDATE packs SET cur = 'CHF'", r"offered otherwise .* \(price\)"),
    "another drop's pack": (
        "UPDATE drops SET pack = (SELECT pack FROM drops WHERE drop_id = 'night-zine') WHERE drop_id = 'harbour-prints'",
        "harbour-prints is not offered in the newest version",
    ),
    "an edition": ("UPDATE drops SET edition = 500 WHERE edition = 5", r"offered otherwise .* \(edition\)"),
    "a time": ("UPDATE packs SET closes_ms = closes_ms + 1", r"offered otherwise .* \(closes_ms\)"),
    "a right": ("UPDATE packs SET max_devices = 500, licence = 'any'", r"\(licence, max_devices\)"),
    "a file": ("UPDATE files SET sha256 = replace(sha256, 'a', 'b')", "The files of harbour-prints are not those"),
    "a file gone": ("DELETE FROM files WHERE path = 'empty.txt'", "The files of harbour-prints are not those"),
    "a document": ("UPDATE documents SET token = token || 'A' WHERE no = 1", "The signed document 1 .* is not the one"),
    "a number that is text": (
        (
            "PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql = replace(sql, 'BLOB', 'ANY') WHERE name = 'events';"
            "PRAGMA writable_schema=RESET; UPDATE events SET bytes = 12 WHERE id = (SELECT max(id) FROM events)"
        ),
        "a row holds what it cannot hold",
    ),
}


def test_what_was_imported_is_offered_as_it_was_signed(stall: Stocked) -> None:
    assert audit(stall.box.db.read(), stall.box.secrets.signing.public).findings == []


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_changed_is_named(stall: Stocked, damage: str) -> None:
    statements, sentence = DAMAGE[damage]
    with contextlib.closing(sqlite3.connect(stall.folder / "stall.sqlite", isolation_level=None)) as conn:
        conn.executescript(statements)
        assert conn.total_changes > 0
    findings = "\n".join(audit(stall.box.db.read(), stall.box.secrets.signing.public).findings)
    assert re.search(sentence, findings), findings
