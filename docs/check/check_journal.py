#!/usr/bin/env python3
"""Check an exported journal of a stall.

    python3 check_journal.py journal.jsonl [--box DID] [--cosigner NAME=KEY]

Needs Python 3.11 or newer and the library `cryptography`; nothing of the stall's own code. The format is described in
docs/protocol.md. Whatever is wrong first is said in one sentence, and the exit code is 1. Without --box the file is
checked against the key it names itself: give the box's did:key to know that it is this box's journal. That it is all of it no
file can show: an export without its newest epochs, or an older one, is right in itself. A cosigner's newest note, or the cloud's
list of the box's epochs, shows what is missing.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
HASH_BYTES, EPOCH_BYTES, KEY_ID_BYTES, DID_BYTES = 32, 16, 4, 34
TOKEN_PARTS, CHECKPOINT_LINES = 3, 3
RECEIPTS = ("stall-receipt+jwt", "stall-refund+jwt", "stall-void+jwt")
FOLLOWING = {
    None: {"requested", "paid"},
    "requested": {"sent", "not_sent"},
    "sent": {"approved", "declined", "reversing", "unknown"},
    "approved": {"paid", "reversing", "unknown"},
    "reversing": {"reversed", "unknown"},
    "unknown": {"paid", "declined", "reversed"},
}
EMPTY_ROOT = hashlib.sha256(b"").digest()


class WrongError(Exception):
    """The first thing found wrong, as a sentence."""


def wrong(sentence: str) -> NoReturn:
    """Stop with a sentence."""
    raise WrongError(sentence)


# --- Writing: base64, JSON, keys -------------------------------------------------------------------------------------


def b64url(text: object, size: int | None = None) -> bytes:
    """Read base64url without padding in its one spelling, of `size` bytes if given."""
    if not isinstance(text, str):
        wrong("A value that should be base64url is no text.")
    try:
        data = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        wrong(f"{text[:60]!r} is not base64url.")
    if to_b64url(data) != text or (size is not None and len(data) != size):
        wrong(f"{text[:60]!r} is not base64url in its one spelling, or not of the right length.")
    return data


def to_b64url(data: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def read_json(data: bytes | str, what: str) -> dict[str, Any]:
    """Read one JSON object; no name may stand in it twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            wrong(f"{what} has the same name twice in one object.")
        return dict(pairs)

    try:
        value = json.loads(data, object_pairs_hook=once)
    except (ValueError, RecursionError):
        wrong(f"{what} is not JSON.")
    if not isinstance(value, dict):
        wrong(f"{what} is not an object.")
    return value


def whole(value: object, what: str) -> int:
    """Give a whole number as it stands in JSON: neither true nor false, which Python takes for 1 and 0, nor 1.0."""
    if type(value) is not int:
        wrong(f"{what} is not a whole number.")
    return value


def canonical(value: object) -> bytes:
    """Write RFC 8785 JSON; enough for events, whose numbers are integers and whose names are plain letters."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def public_of(did: object) -> bytes:
    """The Ed25519 key in a did:key."""
    if not isinstance(did, str) or not did.startswith("did:key:z") or any(char not in BASE58 for char in did[9:]):
        wrong(f"{did!r} is not a did:key.")
    number = 0
    for char in did[9:]:
        number = number * 58 + BASE58.index(char)
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(data) != DID_BYTES or data[:2] != b"\xed\x01":
        wrong(f"{did} does not name an Ed25519 key.")
    return data[2:]


def thumbprint(public: bytes) -> str:
    """Name a key (RFC 7638)."""
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{to_b64url(public)}"}}'
    return to_b64url(hashlib.sha256(jwk.encode()).digest())


def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is that of `public` over `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_token(token: object, public: bytes, where: str) -> tuple[str, dict[str, Any]]:
    """Check a compact JWS by the box and return its type and claims."""
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != TOKEN_PARTS:
        wrong(f"The receipt in {where} is no token.")
    header, claims = (read_json(b64url(part), f"The receipt in {where}") for part in parts[:2])
    typ = header.get("typ")
    if typ not in RECEIPTS or header != {"alg": "Ed25519", "kid": thumbprint(public), "typ": typ}:
        wrong(f"The receipt in {where} is not headed as one of this box.")
    if not signed_by(public, b64url(parts[2], 64), f"{parts[0]}.{parts[1]}".encode()):
        wrong(f"The receipt in {where} is not signed by this box.")
    return typ, claims


# --- The tree (RFC 9162) ---------------------------------------------------------------------------------------------


def leaf_hash(data: bytes) -> bytes:
    """Hash an event."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows by one leaf at a time; only the roots of its full subtrees are kept."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add a leaf on the right."""
        self.peaks.append(leaf)
        self.size += 1
        full = self.size
        while not full & 1:
            right, left = self.peaks.pop(), self.peaks.pop()
            self.peaks.append(node_hash(left, right))
            full >>= 1

    def root(self) -> bytes:
        """The root over all leaves."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for left in reversed(self.peaks[:-1]):
            root = node_hash(left, root)
        return root


def root_by_inclusion(index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes | None:
    """The root an inclusion proof leads to (clause 2.1.3.2); None when its length does not fit."""
    at, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node_hash(sibling, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        at, last = at >> 1, last >> 1
    return root if last == 0 else None


def is_beginning(size1: int, root1: bytes, size2: int, root2: bytes, proof: list[bytes]) -> bool:
    """Whether the tree of size1 is the beginning of that of size2 (clause 2.1.4.2)."""
    if size1 in (0, size2):
        return not proof and root1 == (root2 if size1 == size2 else EMPTY_ROOT)
    path = proof if size1 & (size1 - 1) else [root1, *proof]
    if not path or size1 > size2:
        return False
    at, last = size1 - 1, size2 - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and (first, second) == (root1, root2)


# --- Signed notes ----------------------------------------------------------------------------------------------------


@dataclass
class Checkpoint:
    """A checkpoint whose signature by the box holds."""

    origin: str
    size: int
    root: bytes
    cosigned: list[str]


def read_checkpoint(note: object, public: bytes, epoch: str, cosigners: dict[str, bytes]) -> Checkpoint:
    """Check a C2SP signed note: the box's signature, and those of the cosigners that are known."""
    body, gap, signatures = note.partition("\n\n") if isinstance(note, str) else ("", "", "")
    lines = body.split("\n")
    origin = f"stall.example/box/{thumbprint(public)[:12]}/{epoch}"
    if (
        not gap
        or len(lines) != CHECKPOINT_LINES
        or lines[0] != origin
        or not lines[1].isascii()
        or not lines[1].isdigit()
    ):
        wrong(f"The checkpoint of epoch {epoch} is not written as one of this box.")
    root = base64.b64decode(lines[2] + "==")
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != lines[2]:
        wrong(f"The root in the checkpoint of epoch {epoch} is not 32 bytes.")
    by_box, cosigned = False, []
    for line in signatures.removesuffix("\n").split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, blob = rest.partition(" ")
        data = base64.b64decode(blob + "==")
        if dash != "—" or len(data) <= KEY_ID_BYTES:
            wrong(f"A signature line of the checkpoint of epoch {epoch} is malformed.")
        if name == origin and data[:4] == key_id(name, b"\x01", public):
            by_box = signed_by(public, data[4:], f"{body}\n".encode())
        known = cosigners.get(name)
        if known is not None and data[:4] == key_id(name, b"\x04", known):
            time_s = int.from_bytes(data[4:12], "big")
            if not signed_by(known, data[12:], f"cosignature/v1\ntime {time_s}\n{body}\n".encode()):
                wrong(f"The cosignature of {name} on the checkpoint of epoch {epoch} is wrong.")
            cosigned.append(f"{name} at {datetime.fromtimestamp(time_s, UTC):%Y-%m-%d %H:%M:%S} UTC")
    if not by_box:
        wrong(f"The checkpoint of epoch {epoch} is not signed by the box.")
    return Checkpoint(origin, int(lines[1]), root, cosigned)


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    """The four bytes that name a key in a signature line."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


# --- The journal -----------------------------------------------------------------------------------------------------


@dataclass
class Epoch:
    """One life of the box's database, while its lines are read."""

    name: str
    checkpoint: Checkpoint
    tree: Tree = field(default_factory=Tree)
    last_at: int = 0
    leases: dict[str, tuple[str, list[Any]]] = field(default_factory=dict)


@dataclass
class Sold:
    """What one receipt sold and nobody gave back yet: by drop, number and article the copies and the money, and the tip."""

    sale: object
    copies: Counter[tuple[Any, Any, Any]] = field(default_factory=Counter)
    money: Counter[tuple[Any, Any, Any]] = field(default_factory=Counter)
    tip: int = 0
    void: bool = False

    def closed(self) -> bool:
        """Whether there were files and none of them is left."""
        files = [part for part in self.copies if part[0] is not None]
        return self.void or (bool(files) and not any(self.copies[part] for part in files))


@dataclass
class Books:
    """What the whole export adds up to."""

    told: list[str] = field(default_factory=list)
    ended: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    events: int = 0
    receipts: int = 0
    money: Counter[tuple[str, str]] = field(default_factory=Counter)
    count: Counter[tuple[str, str]] = field(default_factory=Counter)
    sold: dict[tuple[str, int], object] = field(default_factory=dict)
    receipt_of: dict[object, Sold] = field(default_factory=dict)  # by sale: what of it was not given back
    by_jti: dict[object, Sold] = field(default_factory=dict)
    taken: dict[object, list[Any]] = field(default_factory=dict)  # payments: sale, tender, and what was not given back
    certified: set[tuple[object, object]] = field(default_factory=set)
    named: set[tuple[str, int]] = field(default_factory=set)  # numbers a certificate is for
    opened: set[object] = field(default_factory=set)  # sales whose code a phone opened
    states: dict[object, str] = field(default_factory=dict)
    z_no: int = 0  # of the last Z-report
    z_first: tuple[str, int] | None = None  # where the running shift begins
    z_sums: Counter[tuple[str, object]] = field(default_factory=Counter)  # what it adds up to
    paid: defaultdict[object, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))


def check(lines: Iterable[str], box: str | None, cosigners: dict[str, bytes]) -> Books:
    """Check every line; raise WrongError at the first thing that does not hold."""
    books, epoch, expected, public = Books(), None, 0, b""
    for number, text in enumerate(lines, 1):
        line = read_json(text, f"Line {number}")
        if line.get("type") == "checkpoint":
            end_epoch(books, epoch)
            if box is not None and line.get("box") != box:
                wrong(f"Line {number} is of the box {line.get('box')}, not of {box}.")
            if epoch is not None and (line.get("epochs"), public_of(line.get("box"))) != (expected, public):
                wrong(f"Line {number} belongs to another export.")
            expected = whole(line.get("epochs"), f"The count of epochs in line {number}")
            public = public_of(line.get("box"))
            epoch = begin_epoch(books, line, public, cosigners)
        elif line.get("type") == "event" and epoch is not None:
            check_event(books, epoch, line, public)
        else:
            wrong(f"Line {number} is neither a checkpoint nor an event that follows one.")
    if epoch is None:
        wrong("The file is empty: it holds no export.")
    end_epoch(books, epoch)
    if len(books.ended) != expected:
        wrong(f"The export says it has {expected} epochs and has {len(books.ended)}: its end is missing.")
    return books


def begin_epoch(books: Books, line: dict[str, Any], public: bytes, cosigners: dict[str, bytes]) -> Epoch:
    """Check the line an epoch begins with: the checkpoint, and the cosigned one before it."""
    name = line.get("epoch")
    if not isinstance(name, str) or len(b64url(name)) != EPOCH_BYTES or name in books.ended:
        wrong(f"The epoch {name!r} is not named as one, or stands in the export twice.")
    checkpoint = read_checkpoint(line.get("note"), public, name, cosigners)
    told = f"epoch {name}: {checkpoint.size} events, root {to_b64url(checkpoint.root)}"
    older = line.get("cosigned")
    if older is not None:
        seen = read_checkpoint(older.get("note"), public, name, cosigners)
        proof = [b64url(each, 32) for each in older.get("proof", ())]
        if not is_beginning(seen.size, seen.root, checkpoint.size, checkpoint.root, proof):
            wrong(f"The journal of epoch {name} does not begin with the {seen.size} events that were cosigned.")
        by = ", ".join(seen.cosigned) or "somebody whose key was not given, so that was not checked"
        told += f"; its first {seen.size} cosigned by {by}"
    books.told.append(told)
    return Epoch(name, checkpoint)


def end_epoch(books: Books, epoch: Epoch | None) -> None:
    """All events of an epoch were read: they must be those its checkpoint was signed over."""
    if epoch is None:
        return
    if epoch.tree.size != epoch.checkpoint.size:
        wrong(f"Epoch {epoch.name} has {epoch.tree.size} events here, signed were {epoch.checkpoint.size}.")
    if epoch.tree.root() != epoch.checkpoint.root:
        wrong(f"The events of epoch {epoch.name} are not those the box signed.")
    books.ended[epoch.name] = (epoch.tree.size, epoch.tree.root())


def check_event(books: Books, epoch: Epoch, line: dict[str, Any], public: bytes) -> None:
    """Check one event: its bytes, its place, its proof, and what it says."""
    seq = epoch.tree.size
    where = f"event {seq} of epoch {epoch.name}"
    if seq >= epoch.checkpoint.size:
        wrong(f"Epoch {epoch.name} has more events here than the {epoch.checkpoint.size} that were signed.")
    data = b64url(line.get("bytes"))
    event = read_json(data, where.capitalize())
    if event.keys() != {"v", "epoch", "seq", "kind", "at", "clk", "body"} or canonical(event) != data:
        wrong(f"The bytes in the place of {where} are not those of an event.")
    for value in (line.get("seq"), event["v"], event["seq"], event["at"]):
        whole(value, f"A number in the place of {where}")
    if (line.get("seq"), event["v"], event["epoch"], event["seq"]) != (seq, 1, epoch.name, seq):
        wrong(f"In the place of {where} stands event {event['seq']} of epoch {event['epoch']}.")
    if event["at"] < epoch.last_at and event["kind"] != "clock":
        wrong(f"The time of {where} is before that of the event in front of it.")
    leaf, body = leaf_hash(data), event["body"]
    if "proof" in line:
        proof = [b64url(each, 32) for each in line["proof"]]
        if root_by_inclusion(seq, epoch.checkpoint.size, leaf, proof) != epoch.checkpoint.root:
            wrong(f"The proof beside {where} does not lead to the signed root.")
    elif "receipt" in body or event["kind"] == "certificate":
        wrong(f"No proof stands beside {where}, which carries a receipt or certificate.")
    epoch.last_at = event["at"]
    epoch.tree.add(leaf)
    books.events += 1
    check_fact(books, epoch, event, public, where)


def check_fact(books: Books, epoch: Epoch, event: dict[str, Any], public: bytes, where: str) -> None:
    """Check what an event says against what was said before."""
    kind, body = event["kind"], event["body"]
    if (kind == "epoch") != (event["seq"] == 0):
        wrong(f"An epoch does not begin with its own event, or begins twice: see {where}.")
    if kind != "shift_close" and books.z_first is None:
        books.z_first = (epoch.name, event["seq"])
    if kind == "epoch":
        check_parent(books, body.get("parent"), where)
    elif kind == "drawer":
        books.z_sums["drawer", body["way"]] += (
            0 if body["way"] == "count" else whole(body["minor"], f"The sum in {where}")
        )
    elif kind == "shift_close":
        check_report(books, event, where)
    elif kind == "lease":
        epoch.leases[body["jti"]] = (body["drop"], body["ranges"])
    elif kind in {"sale", "attempt", "finish"}:
        if kind != "finish":
            check_attempt(books, body, where)
        if "receipt" in body:
            check_receipt(books, epoch, event, public, where)
    elif kind in {"certificate", "grant", "delivery"}:
        check_delivery(books, kind, body, where)


def check_parent(books: Books, parent: dict[str, Any] | None, where: str) -> None:
    """The first epoch has no parent; every other goes on where an earlier one of this export ended."""
    if parent is None:
        if books.ended:
            wrong(f"No parent is named in {where}, although it is not the first epoch.")
        return
    ended = books.ended.get(parent.get("epoch", ""))
    if ended is None:
        wrong(f"The parent named in {where} is not in this export before it.")
    if (parent.get("size"), b64url(parent.get("root"))) != ended:
        wrong(f"The parent named in {where} ended otherwise than its events here do.")


def check_attempt(books: Books, body: dict[str, Any], where: str) -> None:
    """An attempt goes only from state to state as the table allows."""
    before = books.states.get(body["attempt"])
    state, later = body["state"], body.get("settlement")
    if state not in FOLLOWING.get(before, set()) and not (state == before == "paid" and later is not None):
        wrong(f"Attempt {body['attempt']} goes from {before or 'nothing'} to {state} in {where}.")
    books.states[body["attempt"]] = state
    if state != "paid" or before == "paid":
        return
    part = (body["tender"], whole(body["minor"], f"The sum in {where}"))
    stored = body["tender"] == "card" and body.get("settlement") == "stored"
    way, sign = ("taken", 1) if body["kind"] == "pay" else ("back", -1)
    books.z_sums[way, "card_stored" if stored else body["tender"]] += sign * part[1]
    if body["kind"] == "pay":
        books.paid[body["sale"]].append(part)
        books.taken[body["attempt"]] = [body["sale"], *part]
        return
    of = books.taken.get(body["of"]) if "of" in body else None
    if "of" in body:
        if of is None or of[1] != part[0] or of[2] < part[1]:
            wrong(f"Attempt {body['attempt']} gives back in {where} what payment {body['of']} did not take, or more.")
        of[2] -= part[1]
    if of is None or of[0] != body["sale"] or "receipt" in body:  # it pays out for its own sale, or a void tells of it
        books.paid[body["sale"]].append((part[0], -part[1]))
    elif part not in books.paid[body["sale"]]:
        wrong(f"In {where} sale {body['sale']} gives back what it had not taken.")
    else:
        books.paid[body["sale"]].remove(part)


def add_to_shift(books: Books, claims: dict[str, Any]) -> None:
    """Add what a receipt, refund or void says to the sums of the running shift; vouchers are no turnover."""
    sold = sum(item["minor"] for item in claims["items"] if str(item.get("sku", "")).startswith("voucher/"))
    books.z_sums["vouchers", "issued"] += sold
    books.z_sums["net", 0] -= sold
    for row in claims["tax"]:
        books.z_sums["net", row["rate"]] += row["net"]
        books.z_sums["vat", row["rate"]] += row["vat"]
    for name, member in (("tips", "tip"), ("rounding", "round")):
        books.z_sums["sum", name] += claims.get(member, 0)
    books.z_sums["sum", "discounts"] += sum(item.get("disc", 0) for item in claims["items"])


def check_report(books: Books, event: dict[str, Any], where: str) -> None:
    """A Z-report is the next one, of the events since the one before, and says what they add up to."""
    body, drawer = event["body"], event["body"]["drawer"]
    place = (event["epoch"], event["seq"])
    first, last = ((at["epoch"], at["seq"]) for at in (body["period"]["first"], body["period"]["last"]))
    if (body["z"], first, last) != (books.z_no + 1, books.z_first or place, place):
        wrong(f"The Z-report in {where} is not the next one, or of another period.")
    said: Counter[tuple[str, object]] = Counter()
    for row in body["tenders"]:
        said["taken", row["tender"]], said["back", row["tender"]] = row["taken"], row["back"]
    for row in body["vat"]:
        said["net", row["rate"]], said["vat", row["rate"]] = row["net"], row["vat"]
    said.update({("sum", name): body[name] for name in ("tips", "rounding", "discounts")})
    said["vouchers", "issued"] = body["vouchers"]["issued"]
    said.update(
        {("drawer", way): drawer[name] for way, name in (("float", "float"), ("in", "paid_in"), ("out", "paid_out"))}
    )
    if {name: sum_ for name, sum_ in said.items() if sum_} != {
        name: sum_ for name, sum_ in books.z_sums.items() if sum_
    }:
        wrong(f"The Z-report in {where} says other sums than its events add up to.")
    expected = sum(whole(drawer[name], where) for name in ("float", "sales", "refunds", "paid_in", "paid_out"))
    if drawer["expected"] != expected or drawer.get("over", 0) != drawer.get("counted", expected) - expected:
        wrong(f"The drawer of the Z-report in {where} does not add up.")
    books.z_no, books.z_first = body["z"], None
    books.z_sums.clear()


def check_receipt(books: Books, epoch: Epoch, event: dict[str, Any], public: bytes, where: str) -> None:
    """Check a receipt: signature, place, sums, payments, edition numbers."""
    typ, claims = read_token(event["body"]["receipt"], public, where)
    sale = event["body"]["sale"]
    if (claims["iss"], claims["epoch"], claims["seq"]) != (thumbprint(public), epoch.name, event["seq"]):
        wrong(f"The receipt in {where} says it belongs to event {claims['seq']} of epoch {claims['epoch']}.")
    said = f"A sum on the receipt in {where}"
    goods = sum(whole(item["minor"], said) for item in claims["items"])
    taxed = sum(whole(row["net"], said) + whole(row["vat"], said) for row in claims["tax"])
    paid = sum(whole(pay["minor"], said) for pay in claims["pay"])
    if goods != taxed or goods + sum(whole(claims.get(name, 0), said) for name in ("tip", "round")) != paid:
        wrong(f"The receipt in {where} does not add up.")
    books.receipts += 1
    add_to_shift(books, claims)
    for pay in claims["pay"]:
        books.money[pay["m"], pay["cur"]] += pay["minor"]
        books.count[pay["m"], pay["cur"]] += 1
    if typ != "stall-receipt+jwt" or "ref" in claims:
        check_taken_back(books, typ, claims, where)
    if sorted(books.paid.pop(sale, [])) != sorted((pay["m"], pay["minor"]) for pay in claims["pay"]):
        wrong(f"The receipt in {where} names other payments than the journal has of sale {sale}.")
    if typ != "stall-receipt+jwt":
        return
    if sale in books.receipt_of:
        wrong(f"Sale {sale} gets a second receipt in {where}.")
    sold = books.receipt_of[sale] = books.by_jti[claims["jti"]] = Sold(sale, tip=max(claims.get("tip", 0), 0))
    for item in claims["items"]:
        if item["minor"] >= 0:
            sold.copies[part_of(item)] += whole(item["qty"], f"How many a line sells in {where}")
            sold.money[part_of(item)] += item["minor"]
            check_number(books, epoch, item, sale, where)


def part_of(item: dict[str, Any]) -> tuple[Any, Any, Any]:
    """What a line is of: drop, number, article."""
    return item.get("drop"), item.get("ed"), item.get("sku")


def check_taken_back(books: Books, typ: str, claims: dict[str, Any], where: str) -> None:
    """A refund or an exchange gives back at most what is left of the receipt it names, a void all of it.

    Numbers that come back may then be sold again, but those a certificate names and those whose code was opened: they
    stay void for ever. What else stands below zero in an exchange, as a deposit, may have been bought anywhere.
    """
    sold = books.by_jti.get(claims.get("ref"))
    if sold is None or sold.void:
        wrong(f"In {where} something is taken back of a receipt that is not in this journal before it, or is void.")
    exchange = typ == "stall-receipt+jwt"
    back = [each for each in claims["items"] if not exchange or (each["minor"] < 0 and "drop" in each)]
    for item in back:
        sold.copies[part_of(item)] -= whole(item["qty"], f"How many a line gives back in {where}")
        sold.money[part_of(item)] += item["minor"]
        if sold.copies[part_of(item)] < 0 or sold.money[part_of(item)] < 0:
            wrong(f"In {where} more of sale {sold.sale} is taken back than is left of it.")
    sold.tip += min(claims.get("tip", 0), 0)
    if sold.tip < 0 or (typ == "stall-void+jwt" and any(sold.copies.values())):
        wrong(f"In {where} sale {sold.sale} is taken back, too much or too little of it.")
    sold.void = typ == "stall-void+jwt"
    for item in back:
        if "ed" not in item:
            continue
        number = (item["drop"], item["ed"])
        if books.sold.get(number) != sold.sale:
            wrong(f"Number {number[1]} of {number[0]} is taken back in {where} from a sale that did not buy it.")
        if number not in books.named and sold.sale not in books.opened:
            books.sold.pop(number, None)


def check_number(books: Books, epoch: Epoch, item: dict[str, Any], sale: object, where: str) -> None:
    """An edition number is sold once, and only under a lease of this epoch."""
    if "ed" not in item:
        return
    number = (item["drop"], whole(item["ed"], f"An edition number on the receipt in {where}"))
    if number in books.sold:
        wrong(f"Number {number[1]} of {number[0]} is sold a second time in {where}.")
    books.sold[number] = sale
    drop, ranges = epoch.leases.get(item.get("lease", ""), ("", []))
    if drop != number[0] or not any(low <= number[1] <= high for low, high in ranges):
        wrong(f"Number {number[1]} of {number[0]} is sold in {where} without a lease of this epoch.")


def check_delivery(books: Books, kind: str, body: dict[str, Any], where: str) -> None:
    """Certificates, grants and deliveries belong to paid sales; a line gets one certificate."""
    sale = body["sale"]
    if sale not in books.receipt_of or books.receipt_of[sale].closed():
        wrong(f"A {kind} of sale {sale}, which is not paid or was given back, stands in {where}.")
    if kind == "grant":
        books.opened.add(sale)
    if kind != "certificate":
        return
    if (sale, body["line"]) in books.certified:
        wrong(f"Line {body['line']} of sale {sale} gets a second certificate in {where}.")
    books.certified.add((sale, body["line"]))
    if "ed" in body and books.sold.get((body["drop"], body["ed"])) != sale:
        wrong(
            f"The certificate in {where} is for number {body['ed']} of {body['drop']}, which sale {sale} did not buy."
        )
    if "ed" in body:
        books.named.add((body["drop"], body["ed"]))


# --- The command -----------------------------------------------------------------------------------------------------


def counted(count: int, what: str) -> str:
    """Say `1 receipt`, `2 receipts`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def summary(books: Books) -> Iterator[str]:
    """What was checked, in a few lines."""
    yield from books.told
    parts = (books.events, "event"), (books.receipts, "receipt"), (len(books.certified), "certificate")
    yield ", ".join(counted(count, what) for count, what in parts)
    for (tender, cur), minor in sorted(books.money.items()):
        yield f"{tender}: {minor} minor units of {cur} ({counted(books.count[tender, cur], 'receipt')})"
    for drop, count in sorted(Counter(drop for drop, _ in books.sold).items()):
        yield f"{drop}: {counted(count, 'number')} sold, none twice"
    for sale, taken in sorted(books.paid.items(), key=str):
        yield f"sale {sale}: {sum(minor for _, minor in taken)} minor units taken, not completed"
    yield "Newer epochs and events may be left out: compare with a cosigner's newest note or the cloud's list of epochs."


def read_cosigner(text: str) -> tuple[str, bytes]:
    """Read NAME=KEY, as --cosigner takes it."""
    name, _, key = text.partition("=")
    try:
        return name, b64url(key, HASH_BYTES)
    except WrongError:
        wrong(f"--cosigner takes NAME=KEY, the key in base64url as in settings.toml, not {text[:80]!r}.")


def main() -> int:
    """Check the file named on the command line; 0 when everything holds."""
    parser = argparse.ArgumentParser(description="Check an exported journal of a stall.")
    parser.add_argument("export", type=Path, help="what `stall journal export` wrote")
    parser.add_argument("--box", help="the did:key the box is known by")
    parser.add_argument("--cosigner", action="append", default=[], help="NAME=KEY of a cloud, the key in base64url")
    asked = parser.parse_args()
    try:
        cosigners = dict(read_cosigner(each) for each in asked.cosigner)
        with asked.export.open(encoding="utf-8") as lines:
            books = check(lines, asked.box, cosigners)
    except OSError as trouble:
        sys.stderr.write(f"error: {asked.export} cannot be read: {trouble.strerror}. Check the name.\n")
        return 1
    except (WrongError, UnicodeDecodeError) as trouble:
        sys.stderr.write(f"wrong: {trouble}\n")
        return 1
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as trouble:
        sys.stderr.write(f"wrong: Something in the export is not written as it must be ({trouble!r}).\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in ["ok", *summary(books)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
