"""Stalls for looking at every page of the buyers' app: one with everything in every state, and tables of none, one and three."""

from __future__ import annotations

import hashlib
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import msgspec
from PIL import Image

from stall import app
from stall.creator import delegations, keyring, leases, packs
from stall.creator.packs import PackOptions
from stall.domain.payment import Kind, Reason
from stall.flows import card_attempt, give_back, take_card
from stall.flows.accept_document import accept_delegation, accept_lease
from stall.flows.begin_return import begin_return
from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.import_pack import import_pack
from stall.flows.pay_back import pay_back_cash
from stall.flows.record_pack import Prepared
from stall.flows.record_transfer import Transfer, record_transfer
from stall.flows.switch_drop import close_drop, open_drop
from stall.flows.take_cash import take_cash
from stall.settings import Captive, Wifi
from stall.store import attempts, catalogue, claims, journal, readers, sales
from stall.store.db import Tx
from stall.wire import manifest
from tests.fakes import papers, stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import DAY_S, NOW_S, ZINE, Stocked
from tests.flows import selling

VAT = selling.VAT
PHOTOS, SONGS, LAST_ONE, GONE = "dunes", "songs", "last-one", "gone"
HOUR_MS = 3_600_000
#: Drops of the large table that are only there to be many.
MANY = 30
READER = 1


@contextmanager
def tables(template: Path, folder: Path) -> Iterator[dict[str, Stocked]]:
    """Every table by its name; closed with the block."""
    with ExitStack() as stack:
        made = {name: make(template, folder / name) for name, make in _TABLES.items()}
        for stocked in made.values():
            stack.callback(stocked.box.close)
        yield made


def _none(_: Path, folder: Path) -> Stocked:
    clock = FakeClock()
    app.create_box(folder, "Salt & Paper", pin=stock.PIN, clock=clock)
    return Stocked(app.open_box(folder, clock=clock), clock, folder)


def _one(_: Path, folder: Path) -> Stocked:
    bare = _none(_, folder)
    _delegate(bare)
    _put(bare, papers.Offer("only-one", "The only thing here", 1250, None, (_text("one.txt"),)))
    return bare


def _three(template: Path, folder: Path) -> Stocked:
    """With the portal on, for phones that just joined the Wi-Fi."""
    stall = stock.copy(template, folder)
    stall.box.settings = msgspec.structs.replace(
        stall.box.settings, captive=Captive(portal=True), wifi=Wifi(name="Salt and Paper", password="low tide 1907")
    )
    return stall


def _market(template: Path, folder: Path) -> Stocked:
    stall = stock.copy(template, folder)
    stall.box.settings = msgspec.structs.replace(stall.box.settings, place="Quay 4", seller="Salt & Paper, Quay 4")
    _import_packs(stall)
    since = NOW_S - DAY_S
    tomorrow = manifest.Window(nbf=NOW_S + DAY_S + 3600, exp=NOW_S + 9 * DAY_S)
    over = manifest.Window(nbf=since, exp=NOW_S + 1800)
    _put(stall, papers.Offer("early", "Opens tomorrow", 700, 9, (_text("early.txt"),)), tomorrow)
    _put(stall, papers.Offer("late", "Was here this morning", 700, None, (_text("late.txt"),)), over)
    _put(stall, papers.Offer("paused", "Resting", 700, None, (_text("paused.txt"),)))
    _put(stall, papers.Offer(GONE, "Sold in an hour", 700, 2, (_text("gone.txt"),)))
    _put(stall, papers.Offer(LAST_ONE, "The last one", 700, 1, (_text("last.txt"),)))
    for n in range(MANY - 10):
        _put(stall, papers.Offer(f"paper-{n:02}", f"Paper boat {n}", 100 + 50 * n, None, (_text(f"boat{n}.txt"),)))
    stall.box.write("payment", lambda tx: close_drop(tx, "paused"))
    stall.clock.advance(HOUR_MS)
    for _ in range(2):
        sell(stall, GONE)
    return stall


_TABLES: dict[str, Callable[[Path, Path], Stocked]] = {"none": _none, "one": _one, "three": _three, "market": _market}


def sell(stall: Stocked, *drops: str) -> int:
    """Sell at the till for cash; give the sale."""

    def whole(tx: Tx) -> int:
        sale = fill_basket(tx, [Wish(drop) for drop in drops or (ZINE,)], origin="till", vat_bp=VAT)
        take_cash(tx, sale, 1, 1_000_000)
        return sale

    return stall.box.write("payment", whole)


def by_card(stall: Stocked, *drops: str) -> int:
    """Sell by card; give the sale."""
    sale = stall.box.write(
        "payment", lambda tx: fill_basket(tx, [Wish(drop) for drop in drops], origin="till", vat_bp=VAT)
    )
    total = sales.get(stall.box.db.read(), sale).total_minor
    attempt = ask_card(stall, sale)
    for step in (card_attempt.send, partial(card_attempt.approve, facts=_facts(total, 42)), card_attempt.pay):
        stall.box.write("payment", lambda tx, step=step: step(tx, attempt))  # type: ignore[misc]  # mypy cannot infer a lambda's default
    return sale


def ask_card(stall: Stocked, sale: int, reader: int = READER) -> int:
    """Ask a terminal for the money of a sale; give the attempt. A reader takes one payment at a time."""
    tried = len(attempts.of_sale(stall.box.db.read(), sale))

    def ask(tx: Tx) -> int:
        readers.report(tx, reader, f"Card reader {reader}", "ready", "Ready")
        return take_card.ask_card(tx, sale, tried + 1, reader)

    return stall.box.write("payment", ask)


def _facts(amount: int, receipt_no: int) -> card_attempt.TerminalFacts:
    return card_attempt.TerminalFacts(amount, "52500012", receipt_no, 7, "A1", "girocard", "1234", offline=False)


def move_attempt(stall: Stocked, sale: int, state: str, reader: int = READER) -> None:
    """Bring a sale's card payment to where a page of its order tells about it."""
    attempt = ask_card(stall, sale, reader)
    declined = {
        "declined": Reason.DECLINED,
        "cancelled": Reason.CANCELLED,
        "not_found": Reason.NOT_FOUND,
        "not_paid": Reason.OPERATOR,
        "not_reached": Reason.REFUSED_BY_TERMINAL,
    }
    do = stall.box.write
    if state == "not_by_card":
        do("payment", lambda tx: card_attempt.not_sent(tx, attempt, Reason.CAPS))
        return
    do("payment", lambda tx: card_attempt.send(tx, attempt))
    if state == "checking":
        do("payment", lambda tx: card_attempt.doubt(tx, attempt, Reason.READER_LOST))
    elif state == "given_back":
        do("payment", lambda tx: card_attempt.begin_reversal(tx, attempt, Reason.COMMIT_LATE))
        do("payment", lambda tx: card_attempt.reversed_(tx, attempt))
    elif state in declined:
        do("payment", lambda tx: card_attempt.decline(tx, attempt, declined[state]))


def send_back(stall: Stocked, sale: int, *, finished: bool) -> None:
    """Ask the terminal to give a card sale's money back, and let it finish or not."""
    [paid] = attempts.of_sale(stall.box.db.read(), sale)

    def begin(tx: Tx) -> int:
        readers.note_abilities(tx, READER, {"reverse", "refund", "day_end"})
        return give_back.ask_back(tx, paid.no, 2, Kind.REVERSE, "maker")

    back = stall.box.write("payment", begin)
    stall.box.write("payment", lambda tx: card_attempt.send(tx, back))
    if finished:
        facts = _facts(paid.amount_minor, 43)
        stall.box.write("payment", lambda tx: card_attempt.approve(tx, back, facts))
        stall.box.write("payment", lambda tx: card_attempt.pay(tx, back))


def take_back(stall: Stocked, sale: int, line: int = 0) -> int:
    """Take one line of a sale back for cash; give the return."""

    def whole(tx: Tx) -> int:
        back = begin_return(tx, sale, {line: 1}, reason="faulty")
        pay_back_cash(tx, back, 1, "maker")
        return back

    return stall.box.write("payment", whole)


def use_up(stall: Stocked, grant: int, drop: str) -> None:
    """Download everything of a drop under a grant as often as its creator allows."""
    conn = stall.box.db.read()
    card = catalogue.card(conn, drop, stall.box.now_ms())
    assert card is not None
    files = [catalogue.whole_pack(conn, card.pack), *catalogue.files(conn, card.pack)]
    for _ in range(claims.allowed_downloads(conn, card.pack)):
        for file in files:
            done = Transfer(grant, file.id, file.size, 0, file.size)
            stall.box.write("housekeeping", partial(record_transfer, done=done))


def end_time(stall: Stocked, sale: int) -> None:
    """Let the time of a sale's code be over, as it is some days later."""
    stall.box.write(
        "housekeeping", lambda tx: tx.conn.execute("UPDATE claims SET expires_ms = 1 WHERE id >> 8 = ?", (sale,))
    )


def _delegate(stall: Stocked) -> None:
    own = stall.box.secrets.signing
    with stall.box.db.transaction() as tx:
        accept_delegation(tx, papers.delegate_box(own, now_s=NOW_S, since_s=NOW_S - DAY_S))


def _text(name: str) -> manifest.File:
    data = name.encode()
    return manifest.File(path=name, size=len(data), sha256=hashlib.sha256(data).hexdigest(), type="text/plain")


def _put(stall: Stocked, offer: papers.Offer, window: manifest.Window | None = None) -> None:
    """Put a drop on sale that has no bytes on the disk: its pages are looked at, it is not downloaded."""
    jti = hashlib.sha256(offer.drop.encode()).digest()[:16]
    token = papers.sign_manifest(offer, jti, now_s=NOW_S, since_s=NOW_S - DAY_S, window=window)
    leasing = papers.Leasing(jti, NOW_S, ((1, offer.edition),)) if offer.edition else None
    zipped = hashlib.sha256(jti).hexdigest()
    papers.put_on_sale(stall.box, token, Prepared(None, f"{offer.drop}.zip", 1000, zipped), leasing)


def _import_packs(stall: Stocked) -> None:
    """Two packs built and imported as a creator's are: photos with samples of all kinds, and songs."""
    beside = stall.folder.parent / "packs"
    creator = keyring.new(beside / "creator", "Ada Prints", passphrase=None)
    given = delegations.delegate(
        creator, stall.box.secrets.signing.did, "box", now_s=NOW_S - DAY_S, name="Salt & Paper"
    )
    with stall.box.db.transaction() as tx:
        accept_delegation(tx, given)
    for make, options in ((_draw, _photo_options()), (_record, _song_options())):
        source = beside / (options.drop_id or "")
        source.mkdir()
        make(source)
        built = packs.build(source, beside / f"{options.drop_id}.stallpack", creator, options, now_s=NOW_S - DAY_S)
        import_pack(stall.box, built.path)
        token, drop = built.token, options.drop_id or ""
        if options.edition:
            _lease(stall, creator, token, options.edition)
        with stall.box.db.transaction() as tx:
            open_drop(tx, drop)


def _lease(stall: Stocked, creator: keyring.Creator, token: str, edition: int) -> None:
    own, epoch = stall.box.secrets.signing, journal.read_head(stall.box.db.read()).epoch_text
    signed = leases.issue(creator, token, own.thumbprint, epoch, now_s=NOW_S, count=edition, days=20)
    with stall.box.db.transaction() as tx:
        accept_lease(tx, signed)


def _photo_options() -> PackOptions:
    return PackOptions(
        title="Dunes, before the wind", price_minor=900, edition=20, drop_id=PHOTOS, opens_s=NOW_S - DAY_S,
        closes_s=NOW_S + 5 * DAY_S, desc="Six photographs from one morning.", samples=("sample*",), lang="en",
    )  # fmt: skip


def _song_options() -> PackOptions:
    return PackOptions(
        title="Songs for a small boat", price_minor=600, drop_id=SONGS, opens_s=NOW_S - DAY_S, closes_s=NOW_S + 5 * DAY_S,
        desc="Recorded below deck.",
    )  # fmt: skip


def _draw(folder: Path) -> None:
    for n in range(4):
        tone = (60 + 40 * n, 90, 140 - 20 * n)
        Image.new("RGB", (1200, 800) if n % 2 else (800, 1200), tone).save(folder / f"dune {n + 1}.jpg", quality=60)
    Image.new("RGB", (900, 900), (176, 120, 60)).save(folder / "cover.jpg", quality=60)
    Image.new("RGB", (1200, 700), (190, 140, 90)).save(folder / "sample one.jpg", quality=60)
    Image.new("RGB", (700, 1200), (120, 140, 90)).save(folder / "sample two.jpg", quality=60)
    _tone(folder / "sample sea.wav")
    (folder / "sample wind.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(200))


def _record(folder: Path) -> None:
    for n in range(10):
        _tone(folder / f"{n + 1:02} song.wav", 24 if n == 0 else 0)  # the first is long enough to have a taste
    (folder / "words.pdf").write_bytes(b"%PDF-1.7\n%%EOF\n")


def _tone(path: Path, seconds: int = 0) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 1, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000 * seconds or 800))
