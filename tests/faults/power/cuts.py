"""Chooses the moments at which the power fails: everywhere, and more often where much hangs on the order."""

from __future__ import annotations

from random import Random

from tests.preload.records import Op, Record

#: The database itself: written only while the log is copied back into it, and while a box is made.
DATABASE = ("stall.sqlite", "stall.sqlite.new")


def choose(records: list[Record], count: int, rng: Random) -> list[int]:
    """Give `count` cuts in order: so many records had happened. Every kind of moment gets its share."""
    kinds = [each for each in kinds_of_moments(records) if each]
    return sorted(rng.choice(kinds[n % len(kinds)]) for n in range(count))


def kinds_of_moments(records: list[Record]) -> list[list[int]]:
    """Cuts by kind: just before and after a sync, in the midst of writes that a sync has to make safe, while the log
    is copied back, around a truncate, around new and changed names, just after something was told, anywhere."""
    changes = [n for n, record in enumerate(records) if record.op not in {Op.ACK, Op.LOCK, Op.UNLOCK}]
    syncs = [n for n in changes if records[n].op is Op.SYNC]
    copied_back = [n for n in changes if records[n].path in DATABASE]
    cuts_in_files = [n for n in changes if records[n].op in {Op.TRUNCATE, Op.ALLOCATE}]
    named = [n for n in changes if records[n].op in {Op.OPEN, Op.RENAME, Op.LINK, Op.UNLINK, Op.MKDIR, Op.RMDIR}]
    told = [n for n, record in enumerate(records) if record.op is Op.ACK]
    return [
        [at for n in syncs for at in (n, n + 1)],
        [n for n in changes if records[n].op is Op.WRITE],
        [at for n in copied_back for at in (n, n + 1)],
        [at for n in cuts_in_files for at in (n, n + 1, n + 2)],
        [at for n in named for at in (n, n + 1)],
        [n + 1 for n in told],
        list(range(len(records) + 1)),
    ]
