"""Every page of the buyers' app in every state it has, and everything else it answers, for the tests that look at all of them.

A new route is not forgotten: `forgotten` names it until a stop here leads there.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stall.flows.take_card import drop_sale
from stall.flows.take_cash import take_cash
from stall.store import catalogue, sales
from stall.web import ids
from stall.web.factory import create_buyer_app, shop_of
from stall.web.guard import GUESSES_A_MINUTE
from stall.web.links import Links
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.web import buyer_stalls as stalls
from tests.web import captive_agents as agents
from tests.web import phone

SITE = "http://localhost"
NOBODY = "A" * 21 + "g"
"""Spelled like the name of an order, a grant or a receipt, and nobody's."""


@dataclass(frozen=True)
class Stop:
    """One answer to look at: where, how it is asked for, and which status it has."""

    name: str
    path: str
    status: int = 200
    table: str = "market"
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    page: bool = True
    """A page for a person; anything else is data, a picture or a file."""
    often: bool = False
    """Asked so often from one address that it is too often."""
    address: str = ""
    """Whose phone asks, where the stall remembers what it was told."""


class Tour:
    """The apps of all tables, and the stops. Each question comes from an address of its own: nobody is asked too often."""

    def __init__(self, made: Mapping[str, Stocked], apps: Mapping[str, Flask]) -> None:
        self.made, self.apps = made, apps
        self.clients: dict[str, FlaskClient] = {name: app.test_client() for name, app in apps.items()}
        self._addresses = itertools.count(1)
        self._seen: dict[tuple[str, str], TestResponse] = {}
        self.stops = list(_stops(self))
        assert len({stop.name for stop in self.stops}) == len(self.stops)

    @property
    def pages(self) -> list[Stop]:
        return [stop for stop in self.stops if stop.page]

    def look(self, stop: Stop, lang: str = "en") -> TestResponse:
        """The answer at a stop, asked for once by each language's phone."""
        if (stop.name, lang) not in self._seen:
            self._seen[stop.name, lang] = self.ask(stop, lang)
        return self._seen[stop.name, lang]

    def ask(self, stop: Stop, lang: str = "en", **headers: str) -> TestResponse:
        """The answer at a stop now, for a phone that speaks `lang`."""
        address = stop.address or self.new_address()
        for _ in range(GUESSES_A_MINUTE if stop.often else 0):
            self._open(stop, {}, address)
        given = {"Accept-Language": lang, **stop.headers, **{name.replace("_", "-"): v for name, v in headers.items()}}
        if stop.form is not None:
            given.setdefault("Origin", SITE)
        answer = self._open(stop, given, address)
        assert answer.status_code == stop.status, f"{stop.name}: {answer.status_code} {answer.text[:2000]}"
        return answer

    def _open(self, stop: Stop, headers: Mapping[str, str], address: str) -> TestResponse:
        method = "GET" if stop.form is None else "POST"
        place = {"REMOTE_ADDR": address}
        return self.clients[stop.table].open(
            stop.path, method=method, data=stop.form, headers=dict(headers), environ_overrides=place, buffered=True
        )

    def new_address(self) -> str:
        """An address nobody had before."""
        n = next(self._addresses)
        return f"198.51.{n // 250 % 250}.{1 + n % 250}"


@contextmanager
def made(template: Path, folder: Path) -> Iterator[Tour]:
    """The whole tour, over tables made in `folder`; closed with the block."""
    with ExitStack() as stack:
        tables = stack.enter_context(stalls.tables(template, folder))
        apps = {name: create_buyer_app(stocked.box) for name, stocked in tables.items()}
        for app in apps.values():
            app.testing = False  # so that a fault gives its page
            stack.callback(shop_of(app).stop)
        yield Tour(tables, apps)


def forgotten(tour: Tour) -> set[str]:
    """The routes no stop leads to."""
    urls = tour.apps["market"].url_map
    bound = urls.bind("localhost")
    seen = set()
    for stop in tour.stops:
        try:
            method = "GET" if stop.form is None else "POST"
            seen.add((method, bound.match(stop.path.split("?")[0], method)[0]))
        except Exception:  # noqa: BLE001 - an address of nothing is a stop too
            continue
    return {
        f"{method} {rule}"
        for rule in urls.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
        if (method, rule.endpoint) not in seen
    }


def _stops(tour: Tour) -> Iterator[Stop]:
    market = tour.made["market"]
    phone_of = tour.clients["market"]
    for table in tour.made:
        yield Stop(f"catalogue, {table}", "/", table=table)
        yield Stop(f"display, {table}", "/display", table=table)
    yield Stop("display, second code", "/display/2", table="three")
    yield Stop("display as data", "/display.json", page=False)
    for drop in (PRINTS, ZINE, SAMPLER, stalls.PHOTOS, stalls.SONGS, "early", "late", "paused", stalls.GONE):
        yield Stop(f"item, {drop}", f"/d/{drop}")
    yield Stop("what is this", "/about")
    yield Stop("the page that checks papers", "/verify.html", page=False)
    yield Stop("the same, as it is typed", "/verify", 302, page=False)
    yield from _orders(market, phone_of)
    yield from _codes(market, phone_of)
    yield from _papers(market, phone_of)
    yield from _refused(phone_of)
    yield from _data(phone_of)
    yield from _captive(tour.clients["three"])


def _orders(stall: Stocked, buyer: FlaskClient) -> Iterator[Stop]:
    box = stall.box
    waiting = phone.order(buyer)
    yield Stop("order, waiting", waiting)
    yield Stop("order, asked for a number", phone.order(buyer, stalls.PHOTOS, ed="7"))
    for state in ("declined", "cancelled", "not_found", "not_paid", "not_reached", "not_by_card", "given_back"):
        order = phone.order(buyer, ZINE if state == "not_by_card" else stalls.PHOTOS)
        stalls.move_attempt(stall, phone.sale_of(stall, order), state)
        yield Stop(f"order, {state}", order)
    for reader, state in ((2, "card"), (3, "checking")):
        order = phone.order(buyer)
        stalls.move_attempt(stall, phone.sale_of(stall, order), state, reader)
        yield Stop(f"order, {state}", order)
    paid = phone.order(buyer, stalls.PHOTOS)
    phone.pay_cash(stall, phone.sale_of(stall, paid))
    yield Stop("order, paid", paid)
    opened = phone.order(buyer, stalls.PHOTOS)
    phone.pay_cash(stall, phone.sale_of(stall, opened))
    buyer.post(f"{opened}/claim", data={"press": opened.rsplit("/", 1)[-1]})
    yield Stop("order, opened", opened)
    yield Stop("order, its file", f"{opened}/claim", 303, form={"press": opened[-22:], "to": "file"}, page=False)
    yield from _baskets(stall, buyer)
    free = buyer.post(f"/d/{SAMPLER}/take", data={"press": phone.press_of(buyer.get(f"/d/{SAMPLER}"))}).location
    yield Stop("order, free", free)
    gone = phone.order(buyer, stalls.LAST_ONE)
    stalls.sell(stall, stalls.LAST_ONE)
    yield Stop("order, gone", gone)
    dropped = phone.order(buyer)
    sale = phone.sale_of(stall, dropped)
    box.write("payment", lambda tx: drop_sale(tx, sale))
    yield Stop("order, dropped", dropped)
    back, returned = stalls.by_card(stall, ZINE), stalls.by_card(stall, ZINE)
    opened = _grant(stall, buyer, returned)
    stalls.send_back(stall, returned, finished=True)
    yield Stop("order, void", _order_of(stall, returned))
    yield Stop("download, taken back", opened, 410)
    yield Stop("receipt, taken back", f"/r/{_receipt(stall, returned)}")
    voided = sales.get(box.db.read(), returned).void_event
    yield Stop("void", f"/r/{ids.receipt_id(box.secrets, voided or 0)}")
    grant = _grant(stall, buyer, back)
    stalls.send_back(stall, back, finished=False)
    yield Stop("download, going back", grant)
    yield Stop("order, going back", _order_of(stall, back))
    yield Stop("order state", f"{waiting}/state", page=False)
    yield Stop("claim of an order not paid", f"{waiting}/claim", 409, form={"press": NOBODY})


def _baskets(stall: Stocked, buyer: FlaskClient) -> Iterator[Stop]:
    several = phone.order(buyer, ZINE)
    for drop in (stalls.PHOTOS, stalls.SONGS):
        press = phone.press_of(buyer.get(f"/d/{drop}?o={several[-22:]}"))
        assert buyer.post(f"{several}/add", data={"press": press, "drop": drop}).status_code == 303
    yield Stop("order, several", several)
    yield Stop("catalogue, adding", f"/?o={several[-22:]}")
    yield Stop("item, adding", f"/d/{ZINE}?o={several[-22:]}")
    yield Stop("an order that changed", f"{several}/remove", 409, form={"press": NOBODY, "line": "0", "seen": "x"})
    yield Stop("nothing to add", f"{several}/add", 409, form={"press": NOBODY, "drop": stalls.GONE})
    yield Stop("not free to take", f"{several}/take", 409, form={"press": NOBODY})
    part = phone.order(buyer, stalls.PHOTOS)
    stall.box.write("payment", lambda tx: take_cash(tx, phone.sale_of(stall, part), 1, 100, part_minor=100))
    yield Stop("order, part paid", part)
    empty = phone.order(buyer, ZINE)
    page = buyer.get(empty)
    fields = {name: re.findall(f'name="{name}" value="([^"]+)"', page.text)[0] for name in ("press", "line", "seen")}
    yield Stop("order, emptied", buyer.post(f"{empty}/remove", data=fields).location)


def _codes(stall: Stocked, buyer: FlaskClient) -> Iterator[Stop]:
    yield Stop("type a code", "/t")
    several = stalls.sell(stall, PRINTS, stalls.PHOTOS, stalls.SONGS)
    code = phone.code_of(stall, several)
    yield Stop("code, several", f"/T/{code}")
    yield Stop("code, one", f"/t/{phone.code_of(stall, stalls.sell(stall, stalls.PHOTOS)).lower()}")
    yield Stop("download, several", _grant(stall, buyer, several))
    photos = _grant(stall, buyer, stalls.sell(stall, stalls.PHOTOS))
    yield Stop("download, photos", photos)
    yield Stop("picture, first", f"{photos}?photo=1")
    yield Stop("picture, second", f"{photos}?photo=2")
    yield Stop("picture, none", f"{photos}?photo=99", 404)
    songs = stalls.sell(stall, stalls.SONGS)
    yield Stop("download, songs", _grant(stall, buyer, songs))
    used = _grant(stall, buyer, songs)
    stalls.use_up(stall, ids.grant_no(stall.box.secrets, used.rsplit("/", 1)[-1]), stalls.SONGS)
    yield Stop("download, as often as it may be", used)
    yield Stop("a file, too often", f"{used}/01%20song.wav", 403)
    yield Stop("typed, wrong", "/t", 400, form={"code": "not a code"})
    yield Stop("typed, nobody's", f"/T/{'0' * 26}", 404)
    yield Stop("typed, right", "/t", 303, form={"code": code}, page=False)
    for _ in range(4):
        _redeem(buyer, code)
    yield Stop("a code on too many devices", f"/T/{code}", 403, form={"press": NOBODY})
    yield Stop("a code taken back", f"/T/{_taken_back(stall)}", 404)
    lost = _grant(stall, buyer, stalls.sell(stall, "paper-00"))
    yield Stop("a file that is damaged", f"{lost}/boat0.txt", 500)
    late = stalls.sell(stall, ZINE)
    over = _grant(stall, buyer, late)
    stalls.end_time(stall, late)
    yield Stop("download, over", over, 410)
    yield from _pictures(buyer, photos)
    yield Stop("a file", f"{photos}/dune%201.jpg", page=False)
    yield Stop("papers as a ZIP", f"{photos}/papers.zip", page=False)
    link = _signed(stall, shop_of(buyer.application).links, photos.rsplit("/", 1)[-1])
    yield Stop("a signed link", link, page=False)
    yield Stop("a signed link, changed", link[:-1] + ("A" if link[-1] != "A" else "Q"), 404)
    yield Stop("too many files at once", link, 429, headers={"X-Stall-Busy": "1"})


def _pictures(buyer: FlaskClient, photos: str) -> Iterator[Stop]:
    """What an item's page and a download's load and play."""
    item = buyer.get(f"/d/{stalls.PHOTOS}").text + buyer.get(f"/d/{stalls.SONGS}").text
    for name, pattern in (
        ("accent", "/accent/"), ("preview", "/preview/"), ("sample", f"/d/{stalls.PHOTOS}/sample/"), ("snippet", "/snippet/")
    ):  # fmt: skip
        found = re.search(rf'"({pattern}[^" ]+)"', item)
        assert found, name
        yield Stop(name, found[1], page=False)
    yield Stop("item state", f"/d/{stalls.PHOTOS}/state", page=False)
    conn = buyer.application.extensions["stall"].box.db.read()
    card = catalogue.card(conn, stalls.PHOTOS, 0)
    assert card is not None
    thumb = next(file.sha256 for file in catalogue.files(conn, card.pack) if file.preview and file.role != "sample")
    yield Stop("thumb", f"/thumb/{photos.rsplit('/', 1)[-1]}/{thumb}.jpg", page=False)


def _signed(stall: Stocked, links: Links, grant: str) -> str:
    card = catalogue.card(stall.box.db.read(), stalls.PHOTOS, stall.box.now_ms())
    assert card is not None
    file = next(each for each in catalogue.files(stall.box.db.read(), card.pack) if each.path == "dune 1.jpg")
    return links.address(grant, file.sha256, file.path, stall.box.now_ms() // 1000)


def _taken_back(stall: Stocked) -> str:
    sale = stalls.sell(stall, ZINE)
    code = phone.code_of(stall, sale)
    stalls.take_back(stall, sale)
    return code


def _papers(stall: Stocked, buyer: FlaskClient) -> Iterator[Stop]:
    bought = stalls.sell(stall, PRINTS, stalls.PHOTOS)
    page = buyer.get(_grant(stall, buyer, bought)).text
    receipt, *certificates = dict.fromkeys(re.findall(r'/(?:r|c)/[A-Za-z0-9_-]+(?=["?])', page))
    if receipt.startswith("/c/"):
        certificates, receipt = [receipt, *certificates], next(each for each in certificates if each.startswith("/r/"))
    certificates = [each for each in certificates if each.startswith("/c/")]
    yield Stop("receipt", receipt)
    yield Stop("receipt as signed", f"{receipt}.jws", page=False)
    yield Stop("receipt, not drawn yet", f"{receipt}.pdf", 503)
    yield Stop("certificate", certificates[0])
    yield Stop("certificate, with its picture", f"{certificates[0]}?picture=1")
    yield Stop("certificate, not drawn yet", f"{certificates[0]}.pdf", 503)
    yield Stop("certificate's picture, not drawn yet", f"{certificates[0]}.png", 503)
    yield Stop("certificate as signed", f"{certificates[0]}.json", page=False)
    back = stalls.take_back(stall, bought, 1)
    yield Stop("refund", f"/r/{_receipt(stall, back)}")
    yield Stop("receipt, part given back", f"/r/{_receipt(stall, bought)}")
    yield Stop("certificate, taken back", certificates[-1])
    free = buyer.post(f"/d/{SAMPLER}/take", data={"press": phone.press_of(buyer.get(f"/d/{SAMPLER}"))}).location
    opened = buyer.post(f"{free}/claim", data={"press": free.rsplit("/", 1)[-1]}).location
    yield Stop("download, free", opened)
    yield Stop("receipt, free", f"/r/{_receipt(stall, phone.sale_of(stall, free))}")


def _refused(buyer: FlaskClient) -> Iterator[Stop]:
    yield Stop("nothing here", "/nothing/here", 404)
    yield Stop("no such order", f"/o/{NOBODY}", 404)
    yield Stop("no such drop", "/d/no-such-drop", 404)
    yield Stop("sold out when pressed", f"/d/{stalls.GONE}/order", 409, form={"press": NOBODY})
    yield Stop("not open when pressed", "/d/early/order", 409, form={"press": NOBODY})
    yield Stop("not free when taken", f"/d/{ZINE}/take", 409, form={"press": NOBODY})
    yield Stop("no such number", f"/d/{PRINTS}/order", 400, form={"press": NOBODY, "ed": "many"})
    yield Stop("a number that is taken", f"/d/{PRINTS}/order", 409, form={"press": NOBODY, "ed": "1"})
    yield Stop("an old form", f"/d/{PRINTS}/order", 400, form={"press": "short"})
    yield Stop(
        "pressed elsewhere", f"/d/{PRINTS}/order", 403, form={"press": NOBODY}, headers={"Origin": "http://else"}
    )
    yield Stop("too large", "/t", 413, form={"code": "A" * 70_000})
    yield Stop("wrong method", "/", 405, form={})
    yield Stop("too often", f"/T/{'0' * 26}", 429, often=True)
    yield Stop("another's name", "/", 421, headers={"Host": "elsewhere.example"})


def _data(buyer: FlaskClient) -> Iterator[Stop]:
    yield Stop("catalogue as data", "/catalog.json", page=False)
    yield Stop("keys as data", "/keys.json", page=False)
    yield Stop("whether it is well", "/healthz", page=False)
    yield Stop("manifest", f"/drops/{PRINTS}/manifest.jws", page=False)
    yield Stop("no such manifest", "/drops/nothing/manifest.jws", 404, page=False)
    yield Stop("not closed", f"/drops/{PRINTS}/close.jws", 404, page=False)
    yield Stop("a static file", "/static/buyer.css", page=False)
    cover = buyer.get(f"/d/{PRINTS}/cover").location
    yield Stop("a cover by its drop", f"/d/{PRINTS}/cover", 302, page=False)
    yield Stop("a cover", cover, page=False)


def _captive(phone_of: FlaskClient) -> Iterator[Stop]:
    """The table of three has the portal on. The last phone was told that all is well, so its page leads out of the sheet."""
    sheet, table = {"User-Agent": agents.IPHONE_SHEET}, "three"
    yield Stop("captive, iPhone", "/cna", table=table, headers=sheet)
    yield Stop("captive, a browser", "/cna", table=table, headers={"User-Agent": agents.IPHONE_SAFARI})
    yield Stop("captive, Android", "/cna", 302, table, headers={"User-Agent": agents.ANDROID_SHEET}, page=False)
    yield Stop("captive, on the way out", "/cna/go", table=table, headers=sheet)
    yield Stop("captive, no way out", "/cna/go?n=20", table=table, headers=sheet)
    released = "198.51.100.77"
    place = {"REMOTE_ADDR": released}
    phone_of.get("/cna/go", headers=sheet, environ_overrides=place)
    probe = {"Host": "captive.apple.com", "User-Agent": agents.WISPR}
    assert "Success" in phone_of.get("/hotspot-detect.html", headers=probe, environ_overrides=place).text
    yield Stop("captive, out", "/cna/go", table=table, headers=sheet, address=released)
    yield Stop("captive code", "/cna/code.svg", table=table, page=False)
    yield Stop("captive data", "/captive/api", table=table, page=False)
    yield Stop("a probe", "/generate_204", 302, table, headers={"Host": "connectivitycheck.gstatic.com"}, page=False)


def _order_of(stall: Stocked, sale: int) -> str:
    return f"/o/{ids.order_id(stall.box.secrets, sale)}"


def _receipt(stall: Stocked, sale: int) -> str:
    return ids.receipt_id(stall.box.secrets, sales.get(stall.box.db.read(), sale).receipt_event or 0)


def _grant(stall: Stocked, buyer: FlaskClient, sale: int) -> str:
    return _redeem(buyer, phone.code_of(stall, sale))


def _redeem(buyer: FlaskClient, code: str) -> str:
    answer = buyer.post(f"/T/{code}", data={"press": phone.press_of(buyer.get(f"/T/{code}"))})
    assert answer.status_code == 303, answer.text
    return answer.location
