"""The certificates this box signed. Reads only."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator


def of_drop(conn: sqlite3.Connection, drop_id: str) -> Iterator[tuple[str, str]]:
    """The certificates signed here for a drop, as this box signed them: a file name and the document of each."""
    rows = conn.execute(
        "SELECT c.uuid, c.document FROM certificates c JOIN lines l ON l.id = c.line JOIN packs p ON p.no = l.pack"
        " JOIN drops d ON d.no = p.drop_no WHERE d.drop_id = ? ORDER BY l.ed, c.line",
        (drop_id,),
    )
    for name, document in rows.fetchall():
        yield f"certificate-{uuid.UUID(bytes=name)}.json", document
