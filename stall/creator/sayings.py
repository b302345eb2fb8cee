"""What each kind of paper says, in plain words, who signed it, and by what chain that goes back to a creator.

A paper that does not hold raises; how far one that holds may be trusted is for `verdicts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stall.creator import beside, chains, ranges, standing
from stall.creator.chains import Said
from stall.creator.evidence import Evidence, Sale
from stall.domain import money
from stall.wire import closing, decline, delegation, jws, lease, lease_return, manifest, receipt
from stall.wire.lease import Lease
from stall.wire.manifest import Manifest
from stall.wire.receipt import Item, Receipt

#: What a receipt says in codes, for a person; every pair `wire.receipt.STATES` allows.
_HOW: Mapping[tuple[str, str], str] = {
    ("card", "online"): "paid by card",
    ("card", "stored"): "paid by a card that was read offline",
    ("cash", "cash"): "paid in cash",
    ("comp", "free"): "given free",
    ("voucher", "voucher"): "paid with a voucher",
    ("operator", "confirmed"): "paid by card on a separate reader, as the stall confirmed",
}
#: The same where the money goes back to the buyer.
_HOW_BACK: Mapping[tuple[str, str], str] = {
    ("card", "online"): "given back by card",
    ("card", "stored"): "given back on a card that was read offline",
    ("cash", "cash"): "given back in cash",
    ("comp", "free"): "which was free",
    ("voucher", "voucher"): "given back onto a voucher",
    ("operator", "confirmed"): "given back by card on a separate reader, as the stall confirmed",
}
_CLOCK: Mapping[str, str] = {
    "ntp": "set from the internet",
    "rtc": "the box keeps itself",
    "operator": "confirmed by the stall",
    "floor": "that was not sure (it was no earlier)",
}


_CAPS: Mapping[delegation.Cap, str] = {
    "manifest": "packs",
    "lease": "leases of numbers",
    "receipt": "receipts",
    "cert": "certificates",
    "badge": "badges",
    "log": "its own journal",
    "cosign": "what it saw of boxes' journals",
    "decline": "that a card payment was refused",
}


_REVOKED = {"box": "the box", "cert": "the certificate", "lease": "the lease"}
_MOST_REVOKED = 10


def _manifest(token: str, heap: Evidence) -> Said:
    signed, chain = heap.manifest(token)
    beside.manifest(signed, heap)
    drop = signed.drop
    copies = f"an edition of {drop.edition}" if drop.edition else "an open edition"
    price = ", ".join(money.text(p.minor, p.cur) for p in signed.price) or "no price"
    says = [
        f"“{drop.title}”, version {signed.ver}: {chains.counted(len(signed.files), 'file')}, {copies}, {price}.",
        f"On sale from {chains.day(drop.window.nbf)} to {chains.day(drop.window.exp)}. Licence: {drop.licence.rstrip('.')}.",
        *_revokes(signed),
        *chains.signed_by(signed.iss, chain, heap),
    ]
    return Said(
        tuple(says),
        chains.links(signed.iss, chain),
        signed.iat,
        signed.exp - 1,
        chain,
        own=jws.token_hash(token),
        kin=f"{signed.iss} {drop.id}",
    )


def _revokes(signed: Manifest) -> list[str]:
    """Name what a version revokes, the first few of it."""
    first = [f"{_REVOKED[one.kind]} {one.ref} from {chains.day(one.at)} on" for one in signed.revoked[:_MOST_REVOKED]]
    more = len(signed.revoked) - len(first)
    return [f"It revokes: {'; '.join(first)}{f'; and {more} more' if more else ''}."] if first else []


def _delegation(token: str, heap: Evidence) -> Said:
    given = heap.delegation(token)
    drops = "all drops" if delegation.ANY_DROP in given.drops else ", ".join(given.drops)
    says = [
        f"The {given.role} {given.sub} may sign {', '.join(_CAPS[cap] for cap in given.cap)} for {drops}.",
        f"In force from {chains.day(given.nbf)} to {chains.day(given.exp)}.",
        *chains.by_creator(given.iss, heap),
    ]
    own, kin = chains.name_of(given), f"{given.iss} {given.sub}"
    return Said(tuple(says), chains.links(given.iss), given.nbf, given.exp, own=own, kin=kin)


def _lease(token: str, heap: Evidence) -> Said:
    given, chain, creator = heap.lease(token)
    beside.lease(given, heap, standing.returned_numbers(heap))
    says = [
        f"Numbers {ranges.text(given.ranges) or 'none'} of {given.drop} for the box {given.sub}, epoch {given.epoch}.",
        f"In force from {chains.day(given.iat)} to {chains.day(given.exp)}.",
        *chains.signed_by(creator, chain, heap),
    ]
    rests, gone = ((given.man, given.iat),), _lease_gone(token, given, creator, heap)
    links = chains.links(creator, chain)
    return Said(tuple(says), links, given.iat, given.exp, chain, own=given.jti, rests=rests, gone=gone)


def _lease_gone(token: str, given: Lease, creator: str, heap: Evidence) -> tuple[str, str] | None:
    """Why nothing is sold under a lease any more, if its creator revoked it, or its box."""
    for kind, ref in (("lease", jws.token_hash(token)), ("box", given.sub)):
        if (since := heap.revoked_since(kind, ref, creator)) is not None:
            what = "it" if kind == "lease" else "its box"
            return (
                f"revoked-{kind}",
                f"The creator revoked {what} from {chains.day(since)} on: what is sold under it from then on does not count.",
            )
    return None


def _receipt(token: str, heap: Evidence) -> Said:
    sale = _checked(token, receipt.RECEIPT, heap)
    told = sale.told
    bought = [_bought(item, heap) for item in told.items if item.minor >= 0]
    back = [_bought(item, heap) for item in told.items if item.minor < 0]
    says = [*_paid(told), f"It bought {', '.join(bought) or 'nothing'}."]
    says += [f"It gave back {', '.join(back)}."] if back else []
    certified = {held.receipt for held in heap.certificates.values()}
    if jws.token_hash(token) not in certified and certified - heap.handed_in.keys():
        says.append("The certificate beside it is of another sale: these two do not belong together.")
    says += ["It was a test, no sale."] if told.test else []
    says += (
        ["Another paper beside it takes it back, whole or in part."]
        if standing.returned(told.iss, told.jti, heap)
        else []
    )
    return _sold(sale, says, heap)


def _checked(token: str, typ: str, heap: Evidence) -> Sale:
    """Check a receipt, refund or void by itself and beside the others."""
    sale = heap.sale(token, typ)
    standing.check(sale, heap)
    return sale


def _sold(sale: Sale, says: list[str], heap: Evidence) -> Said:
    lines = (*says, *chains.by_delegate(sale.chain, heap))
    links, gone = chains.links(sale.chain.iss, sale.chain), standing.gone(sale, heap)
    return Said(lines, links, sale.told.iat, None, sale.chain, rests=_rests(sale.told), gone=gone)


def _bought(item: Item, heap: Evidence) -> str:
    """Name what one line sold."""
    if item.drop is None:
        return f"{item.qty} × {item.sku}"
    if item.ed is not None:
        return f"number {item.ed} of {item.drop}"
    named = heap.manifests.get(item.man or "")
    title = f" (“{named[1].drop.title}”)" if named else ""
    return f"{'a copy' if item.qty == 1 else f'{item.qty} copies'} of {item.drop}{title}"


def _rests(told: Receipt) -> tuple[tuple[str, int], ...]:
    """The manifests and leases a receipt names."""
    return tuple((name, told.iat) for item in told.items for name in (item.man, item.lease) if name is not None)


def _taken_back(typ: str) -> Callable[[str, Evidence], Said]:
    def says(token: str, heap: Evidence) -> Said:
        sale = _checked(token, typ, heap)
        came = ", ".join(_bought(item, heap) for item in sale.told.items)
        says = [*_paid(sale.told, back=True), f"It takes back the receipt {sale.told.ref}.", f"What came back: {came}."]
        return _sold(sale, says, heap)

    return says


def _paid(told: Receipt, *, back: bool = False) -> list[str]:
    """Say how much went which way; `back` of a paper that only gives back, which may be free."""
    total = money.text(abs(sum(part.minor for part in told.pay)), told.pay[0].cur)
    how = ", ".join((_HOW_BACK if back or part.minor < 0 else _HOW)[part.m, part.st] for part in told.pay)
    return [
        f"{total}, {how}, on {chains.day(told.iat)} by a clock {_CLOCK[told.clk]}.",
        f"Entry {told.seq} in the journal of the box {told.iss}.",
    ]


def _lease_return(token: str, heap: Evidence) -> Said:
    given, chain = heap.lease_return(token)
    standing.check_return(given, heap)
    says = (
        f"The box gives back the numbers {ranges.text(given.ranges)} of {given.drop}, on {chains.day(given.iat)}.",
        f"Entry {given.seq} in the journal of the box {given.iss}.",
        *chains.by_delegate(chain, heap),
    )
    return Said(says, chains.links(chain.iss, chain), given.iat, None, chain)


def _decline(token: str, heap: Evidence) -> Said:
    told, chain = heap.decline(token)
    beside.decline(told, heap)
    copies = ", ".join(
        f"number {one.ed} of {one.drop}" if one.ed else f"a copy of {one.drop}" for one in told.items or ()
    )
    says = (
        f"A card payment of {money.text(told.minor, told.cur)} was refused on {chains.day(told.iat)}: {told.reason.rstrip('.')}.",
        f"It takes back {copies or 'all'} of the receipt {told.ref} of the box {told.box}.",
        *chains.by_delegate(chain, heap),
    )
    return Said(says, chains.links(chain.iss, chain), told.iat, None, chain)


def _close(token: str, heap: Evidence) -> Said:
    told = heap.close(token)
    standing.check_close(told, heap)
    copies = [one.st for one in told.editions or ()]
    listed = ", ".join(f"{copies.count(state)} {state}" for state in sorted(set(copies)))
    says = (
        f"{told.drop} was closed on {chains.day(told.iat)}: {listed or chains.counted(told.count or 0, 'entry in a tree')}.",
        *chains.by_creator(told.iss, heap),
    )
    return Said(says, chains.links(told.iss), told.iat, rests=((told.man, told.iat),))


TOKENS: Mapping[str, tuple[str, Callable[[str, Evidence], Said]]] = {
    manifest.TYP: ("manifest", _manifest),
    delegation.TYP: ("delegation", _delegation),
    lease.TYP: ("lease", _lease),
    receipt.RECEIPT: ("receipt", _receipt),
    receipt.REFUND: ("refund", _taken_back(receipt.REFUND)),
    receipt.VOID: ("void", _taken_back(receipt.VOID)),
    lease_return.TYP: ("lease return", _lease_return),
    decline.TYP: ("decline", _decline),
    closing.TYP: ("closing statement", _close),
}
"""Every type of token that is verified here: its word, and what it says."""
