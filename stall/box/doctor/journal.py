"""The newest end of the journal: whether events, hashes and what was signed of them fit together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from stall.box.doctor.finding import Finding, of_error, ok
from stall.box.doctor.patient import Patient
from stall.errors import StallError
from stall.store import damage, journal, proofs
from stall.store.readonly import one_view


def check_head(patient: Patient) -> Iterator[Finding]:
    """Hash what is not yet kept as hashes and see that both lead to the root; the whole is for `stall journal verify`."""
    whole = f"stall journal verify --data {patient.shown_data}"
    try:
        conn = patient.box
        if conn is None:
            return
        with one_view(conn):
            head = journal.read_head(conn)
            proofs.open_tree(conn, head.epoch_no)
    except StallError as error:
        yield of_error("journal.head", error)
    except sqlite3.Error as error:
        yield of_error("journal.head", damage.explained(error))
    else:
        yield ok(
            "journal.head",
            f"{head.size} events lead to the root of the journal. All that they say: {whole}",
            size=head.size,
        )
