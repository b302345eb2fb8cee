"""The box's one database and the one door through which everything is written.

Every write, from any thread of any process, goes through `Database.transaction()`. Inside it: SQL,
canonical bytes and signatures; no file, network or port. Readers use `Database.read()`, which
cannot write and never checkpoints. The order of the locks is docs/adr on the write door.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from stall import log
from stall.clock import Clock
from stall.errors import Broken, StallError
from stall.store import damage, deadlines, floor, journal, ledger, locks, wal
from stall.store.acting import Actor
from stall.store.damage import OutcomeUnknown
from stall.store.readonly import ThreadReaders
from stall.store.schema import VERSION, event_id
from stall.store.secrets import BoxSecrets

#: Pages in the write-ahead log past which the holder of the door copies them back.
CHECKPOINT_PAGES = 1500
#: The same while somebody waits who must not wait for that.
CHECKPOINT_PAGES_HURRIED = 2 * CHECKPOINT_PAGES
BUSY_MS = 5000
#: How long emptying the log waits for readers, with everybody else waiting at the door (ms).
TRUNCATE_MS = 100


@dataclass(slots=True)
class Tx:
    """One open transaction: its connection, its moment, and what may be signed inside it."""

    conn: sqlite3.Connection
    secrets: BoxSecrets
    moment: floor.Moment
    #: Whether another process waits to write, so that a long transaction may end itself.
    awaited: Callable[[], bool]
    #: The person who acts, where there is one: set for one item of work by `acting.acting`.
    actor: Actor | None = None

    @property
    def now_ms(self) -> int:
        """The time of everything in this transaction (ms UTC); never before any earlier event."""
        return self.moment.now_ms

    @property
    def clk(self) -> str:
        """Where that time came from: ntp, rtc, operator or floor."""
        return self.moment.source.value

    @property
    def decider(self) -> str:
        """Who decides, as a payment's `decided_by` says it: a person's number."""
        return "command line" if self.actor is None else self.actor.decider

    @property
    def next_event(self) -> int:
        """The key the next appended event will have (schema.event_id)."""
        head = journal.read_head(self.conn)
        return event_id(head.epoch_no, head.size)

    def append(self, kind: str, body: dict[str, object], after: journal.Head | None = None) -> int:
        """Append one event to the journal, post what it moves, and return its number. `after` is its head, where that was just read."""
        head = after or journal.read_head(self.conn)
        ledger.post(self.conn, event_id(head.epoch_no, head.size), kind, body)
        told = body if self.actor is None else {**self.actor.members(kind), **body}
        return journal.append(self.conn, self.moment, kind, told, head)

    def append_all(self, kind: str, bodies: Sequence[dict[str, object]], after: journal.Head) -> None:
        """Append events of one kind in order that move no money, as a crowd's free takes; `after` is the journal's head, just read."""
        journal.append_all(self.conn, self.moment, kind, bodies, after)

    def raise_floor(self, to_ms: int) -> None:
        """Believe nothing before `to_ms` from now on: a trusted document was issued then. Running deadlines move along."""
        if to_ms > self.now_ms:
            floor.raise_to(self.conn, self.moment, to_ms)
            deadlines.keep_time_left(self.conn, to_ms, to_ms - self.now_ms)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only what happens inside when it raises; the transaction goes on."""
        self.conn.execute("SAVEPOINT item")
        moment = self.moment
        try:
            yield
        except BaseException:
            self.moment = moment
            if self.conn.in_transaction:  # a full disk makes SQLite roll the whole transaction back by itself
                self.conn.execute("ROLLBACK TO item")
                self.conn.execute("RELEASE item")
            raise
        self.conn.execute("RELEASE item")


def stop_the_process(error: OutcomeUnknown) -> None:
    """End a long-running process whose last write has an unknown outcome; it is started anew."""
    os.write(2, f"error: {error.sentence} [{error.code}]\n".encode())
    os._exit(75)


class Database:
    """One box's database in `folder`. Opening checks the schema; it never migrates.

    `on_unknown` is called when a write has an unknown outcome, before the error is raised; the
    processes that run all day pass `stop_the_process`.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        secrets: BoxSecrets,
        on_unknown: Callable[[OutcomeUnknown], None] | None = None,
    ) -> None:
        """Hold the shared run lock and check the schema version.

        Raises Broken `box-missing`, `database-damaged`, `schema-old`, `schema-new`; Refused `box-in-migration`.
        """
        self.path = folder / "stall.sqlite"
        self._folder = folder
        self._clock = clock
        self._secrets = secrets
        self._on_unknown = on_unknown
        self._process_lock = threading.Lock()
        self._readers = ThreadReaders(self.path)
        self._writer: sqlite3.Connection | None = None
        self._trouble: StallError | None = None
        self._copied = wal.EMPTY
        if not self.path.is_file():
            raise Broken(
                "box-missing", f"There is no stall in {folder}. Make one with: stall keys new box --data {folder}"
            )
        self._run = locks.share_run(folder)
        try:
            _check_version(self.read())
        except sqlite3.Error as error:
            self.close()
            raise damage.explained(error) from error
        except StallError:
            self.close()
            raise

    def close(self) -> None:
        """Close every thread's reader and the writer, and let go of the run lock."""
        with self._process_lock:
            if self._writer is not None:
                self._close_writer(self._writer)
                self._writer = None
        self._readers.close()
        self._run.release()

    def _close_writer(self, writer: sqlite3.Connection) -> None:
        """Close it inside the door: as the last connection of all it copies the log back and removes it.

        Where the door is gone it is closed beside a reader, which keeps SQLite from doing so.
        """
        try:
            with locks.door(self._folder):
                self._readers.close()
                writer.close()
        except StallError:
            with contextlib.suppress(sqlite3.Error, StallError):
                self.read().execute("SELECT no FROM epochs").fetchall()
            writer.close()

    def read(self) -> sqlite3.Connection:
        """This thread's read-only connection; rows come as sqlite3.Row."""
        return self._readers.mine()

    @contextmanager
    def transaction(self, committed: Callable[[], bool] | None = None) -> Iterator[Tx]:
        """Write: commit when the block ends, roll back when it raises. `committed` is called right after COMMIT.

        It says whether somebody waits who must not: then copying the log back is put off, as it is for another process.

        Raises OutcomeUnknown `commit-unknown` when COMMIT fails, `disk-io` when the disk does, and the same for whoever
        comes after in this process, as for Broken `database-damaged`; Broken `disk-full` (nothing was written),
        `door-missing`, `door-replaced`.
        """
        with self._process_lock, locks.door(self._folder) as door:
            if self._trouble is not None:
                raise self._trouble
            conn = self._writing_connection()
            try:
                conn.execute("BEGIN IMMEDIATE")
                yield Tx(conn, self._secrets, _begun(conn, self._clock), door.awaited)
            except sqlite3.Error as error:
                self._roll_back(conn)
                self._disk_trouble(error)
                raise
            except BaseException:
                self._roll_back(conn)
                raise
            self._commit(conn)
            hurry = committed is not None and committed()
            self._copy_back(conn, lambda: hurry or door.awaited())

    def truncate_log(self) -> bool:
        """Copy the whole write-ahead log back and empty it, when the day is closed; say whether that was done.

        A courtesy to the disk that never fails what it follows: readers are waited for a moment only, and trouble is
        left to the log.
        """
        try:
            with self._process_lock, locks.door(self._folder):
                conn = self._writing_connection()
                conn.execute(f"PRAGMA busy_timeout={TRUNCATE_MS}")
                try:
                    busy, _, _ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    conn.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        except (sqlite3.Error, StallError) as trouble:
            log.get("store").warning("wal.not_truncated", reason=str(trouble))
            return False
        return not busy

    def _copy_back(self, conn: sqlite3.Connection, somebody_waits: Callable[[], bool]) -> None:
        """Checkpoint once the log has grown by so many pages since this process last did; by twice as many where it is put off.

        It takes some syncs, with everybody waiting at the door. The write before it is committed and stands: what fails here is tried again after the next one.
        """
        try:
            length = wal.grown(self.path, self._copied, CHECKPOINT_PAGES)
            if length is not None and somebody_waits():
                length = wal.grown(self.path, self._copied, CHECKPOINT_PAGES_HURRIED)
            if length is not None:
                conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
                self._copied = length
        except (sqlite3.Error, OSError) as trouble:
            log.get("store").warning("wal.not_copied_back", reason=str(trouble))

    def _roll_back(self, conn: sqlite3.Connection) -> None:
        """Undo everything; a connection that cannot is closed, which undoes it too."""
        try:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
        except sqlite3.Error:
            conn.close()
            self._writer = None

    def _commit(self, conn: sqlite3.Connection) -> None:
        try:
            conn.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back(conn)
            self._fail(damage.of_commit(error), error)

    def _disk_trouble(self, error: sqlite3.Error) -> None:
        """Raise in our words what SQLite says of the disk; let every other error pass."""
        trouble = damage.of_write(error)
        if trouble is not None:
            self._fail(trouble, error)

    def _fail(self, trouble: StallError, error: sqlite3.Error) -> NoReturn:
        """Raise trouble. After an unknown outcome nobody writes here any more, nor into a damaged file: that spreads the damage."""
        if isinstance(trouble, OutcomeUnknown):
            self.stop_writing(trouble)
        elif damage.is_damage(error):
            self._trouble = trouble
        raise trouble from error

    def stop_writing(self, error: OutcomeUnknown) -> None:
        """Let nobody write any more in this process; one that runs all day ends here, to be started anew."""
        self._trouble = error
        if self._on_unknown is not None:
            self._on_unknown(error)

    def _writing_connection(self) -> sqlite3.Connection:
        if self._writer is None:
            self._writer = connect_writing(self.path)
        return self._writer


def connect_writing(path: Path) -> sqlite3.Connection:
    """Open the connection the door uses. Nobody else may: writes outside the door are lost tills."""
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    conn.row_factory = sqlite3.Row
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=0", f"busy_timeout={BUSY_MS}"):
        conn.execute(f"PRAGMA {pragma}")
    return conn


def _begun(conn: sqlite3.Connection, clock: Clock) -> floor.Moment:
    """The moment of a transaction that begins; whatever runs out by our own count is moved along with the clock."""
    at = floor.begin(conn, clock)
    if at.stepped_ms:
        deadlines.keep_time_left(conn, at.now_ms, at.stepped_ms)
    return at


def _check_version(conn: sqlite3.Connection) -> None:
    found = conn.execute("PRAGMA user_version").fetchone()[0]
    if found < VERSION:
        raise Broken(
            "schema-old", "This stall was made by an older version. Stop it, then run: stall migrate --data FOLDER"
        )
    if found > VERSION:
        raise Broken("schema-new", "This stall was made by a newer version. Install that version to open it.")
