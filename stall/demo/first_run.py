"""Make a demo's folder: creator, box, cloud, packs, delegations, lease, by the same functions the commands call.

The only part of the demo that opens creator/. It runs before any process is started; interrupted at any moment,
the next run makes the folder anew.
"""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from stall import app, disk
from stall import settings as settings_file
from stall.clock import SystemClock
from stall.cloud import folder as cloud_folder
from stall.creator import delegations, keyring, leases, packs
from stall.creator import folder as files
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack, PackOptions
from stall.demo.art import drawing, tunes
from stall.demo.folder import DemoFolder, Stage, State
from stall.domain.product import ProductKind
from stall.errors import Refused
from stall.flows.accept_document import accept_delegation, accept_lease
from stall.flows.import_pack import import_pack
from stall.flows.keep_products import Draft, save_product
from stall.settings import Settings
from stall.store import picture
from stall.store.products import BundlePart
from stall.wire.delegation import Max

STALL_NAME, PLACE = "Paper Lantern Prints", "Saturday market"
EDITION, PRICE_MINOR, CUR = 25, 450, "EUR"
DAYS = 30  # the longest a lease may be (formats.md 7.3)
DAY_S = 86_400
CARD_LIMITS = Max(cur=CUR, sale=50_000, stored_total=100_000, stored_age_h=24)
#: The gift is this print; the words are the shop window of the demo.
GIFT = "01-low-sun.jpg"
PRINTS_TITLE, PRINTS_ID = "Slow Light, twenty prints", "slow-light"
PRINTS_WORDS = "Twenty prints in one numbered edition: suns, waves, leaves and other patient things. Yours as files."
GIFT_TITLE, GIFT_ID = "A wallpaper, with our thanks", "wallpaper"
GIFT_WORDS = "One of the prints for your phone, free."
#: Prints of which a piece is shown to everybody, and the folder of these pieces.
DETAILS, DETAILS_FOLDER = ("03-sea-glass.jpg", "10-pressed-leaves.jpg", "16-wind-map.jpg"), "details"
SONGS_TITLE, SONGS_ID, SONGS_PRICE_MINOR = "Three Tides, for falling asleep", "three-tides", 300
SONGS_WORDS = "Ebb, slack water, flood: three short pieces for plucked strings. Listen to how it begins."
SONGS_FOLDER, SONGS_COVER = "songs", "14-still-waves.jpg"
#: The picture of the postcards, where the demo draws one.
POSTCARD_PICTURE = "05-hill-country.jpg"
LICENCE = "Yours to print, hang and enjoy. Not to be sold again as files."

Say = Callable[[str], None]
#: Opens a progress bar for so many bytes; gives a function that is told how many more went by.
Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, slots=True)
class Offer:
    """A drop to be made: the folder of its files and what the creator decides."""

    files: Path
    options: PackOptions


def check_files(pack: Path) -> None:
    """See that a person's own files could be packed, before anything is made for them.

    Raises Refused `demo-pack-missing` and what `creator.folder.find` raises.
    """
    if not pack.is_dir():
        raise Refused("demo-pack-missing", f"There is no folder “{pack}”. Give --pack a folder with your files.")
    files.find(pack)


def make(folder: DemoFolder, pack: Path | None, say: Say, bar: Bar) -> State:
    """Make everything; `pack` is a folder of the person's own files, checked before; None draws twenty prints.

    Raises what keyring, packs, create, accept and import raise.
    """
    folder.begin()
    now_s = SystemClock().wall_ms() // 1000
    with drawing.beside(folder.prints) if pack is None else contextlib.nullcontext():
        say("Making a creator's key, a box and a cloud" + (", drawing twenty prints" if pack is None else ""))
        creator = keyring.new(folder.creator, STALL_NAME, passphrase=None)  # a demo asks nobody
        box = _make_box(folder)
        granted = _delegate(folder, creator, box.did, now_s)
        if pack is None:
            tunes.render(folder.path / SONGS_FOLDER)  # while the prints are drawn
    offers = [_own_offer(pack, now_s)] if pack is not None else _print_offers(folder, now_s)
    built = [_build(folder, creator, offer, now_s, bar) for offer in offers]
    lease = leases.issue(creator, built[0].token, box.thumbprint, box.epoch, now_s=now_s, count=EDITION, days=DAYS)
    _hand_over(folder, "numbers.lease", lease)
    _stock(folder, granted, built, lease, bar)
    _fill_shelf(folder, built[0].manifest.drop.id)
    drops = tuple(each.manifest.drop.id for each in built)
    state = State(Stage.MADE, creator.did, None if pack is None else str(pack.resolve()), drops, now_s + DAYS * DAY_S)
    folder.remember(state)
    return state


def _make_box(folder: DemoFolder) -> app.NewBox:
    pin = "".join(str(secrets.randbelow(10)) for _ in range(app.PIN_DIGITS))
    folder.keep_pin(pin)
    made = app.create_box(folder.box, STALL_NAME, pin=pin)
    settings_file.save(folder.box, Settings(name=STALL_NAME, place=PLACE, seller=STALL_NAME, cur=CUR))
    return made


def _delegate(folder: DemoFolder, creator: Creator, box_did: str, now_s: int) -> list[str]:
    """The box may sell and sign for the creator; the cloud may countersign and nothing else."""
    cloud = cloud_folder.init(folder.cloud, creator.did)
    box = delegations.delegate(creator, box_did, "box", now_s=now_s, max_=CARD_LIMITS, name=STALL_NAME)
    witness = delegations.delegate(creator, cloud.key.did, "cloud", now_s=now_s, caps=("cosign",))
    _hand_over(folder, "box.delegation", box)
    _hand_over(folder, "cloud.delegation", witness)
    return [box, witness]


def _own_offer(files: Path, now_s: int) -> Offer:
    name = files.resolve().name
    title = " ".join(name.replace("_", " ").replace("-", " ").split()) or "My drop"
    options = _options(title, f"The files of the folder {name}.", now_s)
    try:
        packs.drop_id_of(title)
    except Refused:  # a name without Latin letters is a fine title all the same
        options = dataclasses.replace(options, drop_id="my-drop")
    return Offer(files, options)


def _print_offers(folder: DemoFolder, now_s: int) -> list[Offer]:
    """The prints in a numbered edition, one of them as a gift, and three songs as many as anybody likes."""
    gift = folder.path / "gift"
    shutil.rmtree(gift, ignore_errors=True)
    gift.mkdir(mode=0o700)
    drawing.cut_wallpaper(folder.prints / GIFT, gift / "wallpaper.jpg")
    drawing.cut_details([folder.prints / name for name in DETAILS], folder.prints / DETAILS_FOLDER)
    prints = dataclasses.replace(
        _options(PRINTS_TITLE, PRINTS_WORDS, now_s), drop_id=PRINTS_ID, samples=(f"{DETAILS_FOLDER}/*",)
    )
    free = dataclasses.replace(
        _options(GIFT_TITLE, GIFT_WORDS, now_s), drop_id=GIFT_ID, price_minor=0, edition=None, cover="wallpaper.jpg"
    )
    return [Offer(folder.prints, prints), Offer(gift, free), _song_offer(folder, now_s)]


def _song_offer(folder: DemoFolder, now_s: int) -> Offer:
    songs = folder.path / SONGS_FOLDER
    drawing.cut_wallpaper(folder.prints / SONGS_COVER, songs / "cover.jpg")
    options = dataclasses.replace(
        _options(SONGS_TITLE, SONGS_WORDS, now_s),
        drop_id=SONGS_ID,
        price_minor=SONGS_PRICE_MINOR,
        edition=None,
        samples=("listen.wav",),
    )
    return Offer(songs, options)


def _options(title: str, words: str, now_s: int) -> PackOptions:
    return PackOptions(
        title=title,
        price_minor=PRICE_MINOR,
        cur=CUR,
        edition=EDITION,
        opens_s=now_s,
        closes_s=now_s + DAYS * DAY_S,
        licence=LICENCE,
        desc=words,
    )


def _build(folder: DemoFolder, creator: Creator, offer: Offer, now_s: int, bar: Bar) -> BuiltPack:
    out = folder.documents / f"{offer.options.drop_id or packs.drop_id_of(offer.options.title)}.stallpack"
    total = 2 * sum(each.stat().st_size for each in offer.files.rglob("*") if each.is_file())
    with bar(f"Signing {out.stem}", total) as count:
        before = 0

        def seen(done: int, _total: int) -> None:
            nonlocal before
            count(done - before)
            before = done

        return packs.build(offer.files, out, creator, offer.options, now_s=now_s, progress=seen)


def _stock(folder: DemoFolder, granted: list[str], built: list[BuiltPack], lease: str, bar: Bar) -> None:
    """The box's side: trust the creator, import the packs with every byte checked, take the numbers."""
    box = app.open_box(folder.box)
    try:
        with box.db.transaction() as tx:
            for token in granted:
                accept_delegation(tx, token)
        for each in built:
            with bar(f"Checking and storing {each.manifest.drop.id}", each.total_bytes) as count:
                import_pack(box, each.path, count)
        with box.db.transaction() as tx:
            accept_lease(tx, lease)
    finally:
        box.close()


def _fill_shelf(folder: DemoFolder, drop: str) -> None:
    """Something to hand over beside the files: postcards, a bundle with them, a voucher, a deposit for a cup."""
    box = app.open_box(folder.box)
    try:
        drawn = folder.prints / POSTCARD_PICTURE
        cover = picture.keep(folder.box, drawn.read_bytes()) if drawn.is_file() else None
        with box.db.transaction() as tx:
            card = save_product(
                tx, Draft("postcard", "Postcard", ProductKind.ITEM, 150, CUR, 700, "4006381333931", 60, cover=cover)
            )
            parts = (BundlePart(drop, None, 1), BundlePart(None, card, 3))
            save_product(
                tx, Draft("with-cards", "With three postcards", ProductKind.BUNDLE, 750, CUR, 1900, parts=parts)
            )
            save_product(tx, Draft("voucher", "Voucher", ProductKind.VOUCHER, 1000, CUR, 0))
            save_product(tx, Draft("cup", "Deposit for a cup", ProductKind.DEPOSIT, 200, CUR, 1900))
    finally:
        box.close()


def _hand_over(folder: DemoFolder, name: str, token: str) -> None:
    with disk.whole_file(folder.documents / name) as file:
        file.write(token.encode("ascii") + b"\n")
