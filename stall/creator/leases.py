"""The creator leases edition numbers to boxes, so that two of them without a network cannot sell the same one.

Every lease goes through the ledger: numbers are disjoint over all boxes and all lives of their databases, and never beyond
the edition (design.md 5 and 7, formats.md 7.3). A lease adds to the ones before it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from stall.creator import ledger, ranges
from stall.creator.delegations import allocates
from stall.creator.keyring import Creator
from stall.creator.ledger import LeaseRow
from stall.creator.ranges import Range
from stall.errors import Refused
from stall.wire import b64, jws, lease, manifest
from stall.wire.claims import MAX_EDITION
from stall.wire.lease import Lease
from stall.wire.manifest import Manifest

DEFAULT_DAYS = 30
_DAY_S = 86_400


def issue(
    creator: Creator,
    manifest_token: str,
    box: str,
    epoch: str,
    *,
    now_s: int,
    count: int = 0,
    numbers: Sequence[Range] = (),
    again: Sequence[Range] = (),
    days: int = DEFAULT_DAYS,
) -> str:
    """Sign a lease to the box with thumbprint `box`, in the `epoch` of its database, and give the token.

    `count` takes the lowest free numbers, `numbers` names them; `again` names numbers the same box was leased before
    and, as the maker says, did not sell: an earlier life's numbers are frozen until they are named so. Raises
    Refused with one of the codes below, WireError for a manifest that is not the creator's, and the ledger's errors.
    """
    signed = _own_manifest(creator, manifest_token, now_s)
    with ledger.opened(creator.folder) as book:
        book.check_open(signed.drop.id, signed.drop.title)
        rows = book.leases(signed.drop.id)
        _check_epoch(rows, box, epoch)
        edition = _edition(signed, book)
        free = _free(signed, edition, rows, box, allocates(book, signed.drop.id))
        granted = [*_named(numbers, free, signed, edition), *_leased_before(rows, again, box)]
        if count:
            granted += _lowest(ranges.without(free, granted), count, signed)
        granted = ranges.joined(granted)
        if not 0 < len(granted) <= lease.MAX_RANGES:
            raise Refused(
                "lease-count",
                "A lease holds at least one number, in at most 64 ranges. Give --count, --numbers or --again.",
            )
        document = Lease(
            iss=creator.key.thumbprint,
            sub=box,
            jti=b64.encode(secrets.token_bytes(16)),
            iat=now_s,
            exp=now_s + days * _DAY_S,
            drop=signed.drop.id,
            man=jws.token_hash(manifest_token),
            epoch=epoch,
            lease_seq=max([0, *(row.lease_seq for row in rows if row.box == box)]) + 1,
            ranges=tuple(granted),
        )
        token = lease.sign(creator.key, document)
        book.append(LeaseRow(now_s, signed.drop.id, box, epoch, document.lease_seq, document.ranges, token))
    return token


def _own_manifest(creator: Creator, token: str, now_s: int) -> Manifest:
    signed = manifest.verify(token, {creator.key.thumbprint: creator.key.public})
    if signed.drop.edition is None:
        raise Refused(
            "lease-open-edition",
            f"“{signed.drop.title}” is an open edition and has no numbers. It sells without a lease.",
        )
    if signed.exp <= now_s:
        raise Refused(
            "lease-manifest-over",
            f"“{signed.drop.title}” is no longer for sale. Build a new version of its pack first.",
        )
    return signed


def _check_epoch(rows: list[LeaseRow], box: str, epoch: str) -> None:
    """Refuse to go back to a life of the box's database that a later one has replaced."""
    lives = [row.epoch for row in rows if row.box == box]
    if epoch in lives and lives[-1] != epoch:
        raise Refused(
            "lease-old-epoch",
            "The box has begun a newer epoch since. Ask it for its present one with `stall keys show`.",
        )


def _edition(signed: Manifest, book: ledger.Ledger) -> int:
    """Give the edition as it is now: a newer version than the pack at hand may have made it smaller."""
    newer = [row.edition for row in book.manifests(signed.drop.id) if row.ver > signed.ver and row.edition]
    return min([signed.drop.edition or 0, *newer])


def _free(signed: Manifest, edition: int, rows: list[LeaseRow], box: str, creator_allocates: bool) -> list[Range]:
    """Give the numbers this box may be leased now: its own allocation, and the common pool if that is ours."""
    own = [(part.lo, part.hi) for part in signed.alloc if part.box == box]
    reserved = [(part.lo, part.hi) for part in signed.alloc if part.box != "*"]
    pool = ranges.without([(1, edition)], reserved) if creator_allocates else []
    taken = [part for row in rows for part in row.ranges]
    free = ranges.without([*own, *pool], [*taken, (edition + 1, MAX_EDITION + 1)])
    if not free and not creator_allocates:
        raise Refused(
            "lease-delegated",
            f"The numbers of “{signed.drop.title}” are leased by the cloud you delegated that to. Ask it for a lease.",
        )
    return free


_NONE_FREE = (
    "Numbers that an earlier epoch of the same box was leased and nobody sold can be leased again: --again NUMBERS."
)


def _named(numbers: Sequence[Range], free: list[Range], signed: Manifest, edition: int) -> list[Range]:
    missing = ranges.without(numbers, free)
    if missing:
        left = f"Lease others: {ranges.text(free)} are free." if free else f"None is free. {_NONE_FREE}"
        raise Refused(
            "lease-taken",
            f"These numbers of “{signed.drop.title}” cannot be leased: {ranges.text(missing)}. They are leased already, set"
            f" aside for another box, or above its edition of {edition}. {left}",
        )
    return list(numbers)


def _lowest(free: list[Range], count: int, signed: Manifest) -> list[Range]:
    found = ranges.first(free, count)
    have = sum(map(ranges.length, found))
    if count < 0 or have < count:
        raise Refused(
            "lease-too-few",
            f"{count} numbers of “{signed.drop.title}” were asked for, {have} are free. "
            + (f"Ask for no more than {have}." if have else _NONE_FREE),
        )
    return found


def _leased_before(rows: list[LeaseRow], again: Sequence[Range], box: str) -> list[Range]:
    """Check that `again` was leased to this box, and to nobody else since.

    To its present life too: a box takes a lease whole or not at all, so one with a number it had sold is issued anew
    without that. What it did take it never takes twice in one life.
    """
    own: list[Range] = []
    for row in rows:
        own = ranges.joined([*own, *row.ranges]) if row.box == box else ranges.without(own, row.ranges)
    wrong = ranges.without(again, own)
    if wrong:
        raise Refused(
            "lease-not-frozen",
            f"{ranges.text(wrong)} were not leased to this box before. Lease other numbers.",
        )
    return list(again)
