"""What has reached the cloud, what waits, and what the cloud did not simply accept."""

from __future__ import annotations

from collections.abc import Iterator

from stall.box.doctor.finding import Finding, note, ok, warning
from stall.box.doctor.patient import Patient
from stall.store import epochs, floor, journal, uploads

DAY_MS = 86_400_000
#: Longer than this no journal should lie on one card alone (days).
LATE_DAYS = 7


def check_upload(patient: Patient) -> Iterator[Finding]:
    """Say when the journal last reached the cloud, and what waits."""
    conn = patient.box
    if conn is None:
        return
    if patient.settings.cloud is None:
        yield ok("upload.cloud", "No cloud is set: the journal stays on this box.")
        return
    now_ms = floor.moment(conn, patient.clock).now_ms
    running = epochs.running_no(conn)
    state, waits = uploads.read_state(conn, running), uploads.waiting(conn)
    size = journal.read_head(conn).size
    left = 0 if waits is None else size - state.next
    facts = {"waiting": left, "at_ms": state.at_ms, "last_error": state.last_error}
    days = None if state.at_ms is None else max(0, now_ms - state.at_ms) // DAY_MS
    last = "never yet" if days is None else "today" if days == 0 else f"{days} days ago"
    if waits is None:
        yield ok("upload.cloud", f"Everything is in the cloud; last upload {last}.", **facts)
    elif days is None or days >= LATE_DAYS:
        yield warning(
            "upload.late",
            f"{left} events wait; last upload {last}.{_because(state.last_error)}",
            "Bring the box to a network with internet and leave it on until the till's banner is gone.",
            **facts,
        )
    else:
        yield note(
            "upload.waiting",
            f"{left} events wait; last upload {last}.{_because(state.last_error)}",
            "They are sent when the box is online; nothing is lost meanwhile.",
            **facts,
        )
    doubts = uploads.read_doubts(conn, running)
    if doubts:
        yield warning(
            "upload.doubts",
            f"The cloud kept {len(doubts)} events aside, the first with: {doubts[0].reason}.",
            f"Check the journal, then send the bundle with a report: stall journal verify --data {patient.shown_data}",
            seq=[each.seq for each in doubts[:20]],
        )


def _because(trouble: str | None) -> str:
    return f" It says: {trouble.partition('. ')[0].removesuffix('.')}." if trouble else ""
