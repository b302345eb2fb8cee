"""Nothing personal stands in any event: not of the card, not of the phone, not of who decided or why."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from stall.domain.zreport import ZReport
from stall.store import decisions, journal, readers
from stall.wire import event, jws, receipt
from tests.fakes import stock
from tests.fakes.stock import SAMPLER, ZINE, Stocked
from tests.flows import busy_day, selling
from tests.house.sources import ROOT
from tests.web import phone

BROWSER = {"User-Agent": "Ada-Phone/7.3 (Lovelace)", "Accept-Language": "tlh-x-engine", "Cookie": "ada=born-1815"}
ADDRESS = "192.168.77.42"

ATTEMPT = {
    "attempt", "sale", "ordinal", "kind", "tender", "state", "minor", "cur", "of", "reader", "settlement", "offline",
    "decided_by", "reason", "tid", "receipt_no", "trace", "ref", "given", "baseline", "card", "words",
}  # fmt: skip
#: What an event of each kind may say. A new member is a decision: may it ever name a person?
ALLOWED = {
    "epoch": {"parent", "reason", "line"},
    "delegation": {"creator", "hash", "role", "seq", "sub"},
    "import": {"drop", "manifest", "ver", "files"},
    "lease": {"drop", "jti", "lease_seq", "ranges"},
    "drop": {"drop", "open"},
    "clock": {"before", "set"},
    "attempt": ATTEMPT | {"receipt"},
    "sale": ATTEMPT | {"receipt"},
    "finish": {"sale", "receipt"},
    "certificate": {"sale", "line", "uuid", "hash", "drop", "ed"},
    "grant": {"sale", "issue", "grant"},
    "delivery": {"sale", "grant"},
    "day_end": {"reader", "total", "cur", "count", "tid", "decided_by", "upto"},
    "no_day_end": {"reader", "decided_by", "words"},
    "settled": {"attempts", "minor", "cur", "reader", "decided_by", "words"},
    "declined_late": {"attempt", "sale", "minor", "cur", "was", "decided_by", "words"},
    "seen": {"exception", "day_end", "hash", "decided_by", "words"},
    "exception": {"attempt", "sentence"},
    "close": {"drop", "hash", "sold", "burned", "unsold", "artist", "copies"},
    "countersigned": {"sale", "line", "uuid", "hash", "drop", "ed"},
    "product": {"sku", "title", "kind", "minor", "cur", "vat", "stock", "on_sale", "parts"},
    "shelf": {"sku", "place"},
    "return": {"sale", "of", "reason"},
    "owed": {"sale", "of", "owed", "minor", "cur"},
    "drawer": {"way", "minor", "reason", "words", "pieces"},
    "shift_close": set(),  # the page has a chapter for its members, tests/docs compares them
    "printed": {"what", "copy", "paper", "shift"},
    "staff": {"what", "person", "role", "active", "enrolled"},
}
#: What a row of the protocol names besides: words a member may be, and members of members.
WORDS = {
    "return": {"faulty", "mistake", "twice", "goodwill"},
    "day_end": {"seq"},
    "declined_late": {"stored", "settled"},
    "product": {"drop", "qty"},
    "drawer": {"float", "in", "out", "count"},
    "printed": {"receipt", "z", "jti"},
}
#: Whom any event may name that somebody at the till brought about, by their numbers.
WHO = {"by", "device", "decided_by"}
#: Ids, hashes, words of a table, numbers of a terminal: no text a person could have typed.
NO_TEXT = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
ROLES = {"maker", "command line"}


@pytest.fixture
def lived(stocked_box: Stocked, buyer: FlaskClient) -> Stocked:
    """A busy day and a second life, with buyers at their phones in between."""
    with stocked_box.box.db.transaction() as tx:
        readers.report(tx, 1, "Reader", "ready", "Ready")
    buyer.environ_base |= {"REMOTE_ADDR": ADDRESS} | {
        f"HTTP_{n.upper().replace('-', '_')}": v for n, v in BROWSER.items()
    }
    page = buyer.get(phone.grant(buyer, stocked_box, ZINE))
    assert page.status_code == 200
    press = phone.press_of(buyer.get(f"/d/{SAMPLER}"))
    assert buyer.post(f"/d/{SAMPLER}/take", data={"press": press}).status_code == 303
    busy_day.two_lives(stocked_box)
    return stocked_box


def events(stall: Stocked) -> list[bytes]:
    conn = stall.box.db.read()
    return [data for no in journal.epoch_numbers(conn) for _, data in journal.all_events(conn, no)]


def plain(data: bytes) -> str:
    """An event's text, with what its receipt says beside it."""
    token = event.decode(data).body.get("receipt")
    return data.decode() + ("" if token is None else json.dumps(jws.unverified_claims(token), ensure_ascii=False))


def test_nothing_that_points_to_a_person_stands_in_any_event(lived: Stocked) -> None:
    told = selling.facts()
    personal = [
        told.scheme,
        told.auth_code,
        stock.PIN,
        ADDRESS,
        "Lovelace",
        "tlh-x-engine",
        "born-1815",
        busy_day.WORDS,
        "slip",
    ]
    for data in events(lived):
        text = plain(data)
        assert [each for each in personal if each is not None and each in text] == [], text
        # four digits may stand in a hash by chance, never by themselves
        assert told.last4 is not None
        assert not re.search(rf"(?<![A-Za-z0-9_-]){told.last4}(?![A-Za-z0-9_-])", text), text


def test_what_is_personal_is_there_all_the_same_where_it_can_be_erased(lived: Stocked) -> None:
    """The test above looks for what really went in."""
    conn = lived.box.db.read()
    assert conn.execute("SELECT count(*) FROM card_facts").fetchone()[0] >= 5
    assert busy_day.WORDS in {each.words for each in decisions.read(conn, lived.box.secrets.claim_key)}


def test_each_event_says_only_what_its_kind_may(lived: Stocked) -> None:
    for data in events(lived):
        fact = event.decode(data)
        if fact.kind == "shift_close":
            assert fact.body.keys() <= ZReport.__dataclass_fields__.keys() | {"z"} | WHO, fact
            continue
        assert fact.body.keys() <= ALLOWED[fact.kind] | WHO, fact
        texts = {name: value for name, value in fact.body.items() if isinstance(value, str)}
        texts.pop("receipt", None)
        texts.pop("decided_by", None)  # looked at below
        if fact.kind == "exception":
            texts.pop("sentence")  # ours, about payments, numbers and titles
        if fact.kind == "product":
            texts.pop("title")  # of a thing, which stands on receipts too
        assert [name for name, value in texts.items() if not NO_TEXT.fullmatch(value)] == [], fact
        decided = fact.body.get("decided_by", "maker")
        assert decided in ROLES or decided.isdecimal()
        assert all(isinstance(fact.body.get(who, 0), int) for who in ("by", "device"))


def test_receipts_say_only_what_a_receipt_may(lived: Stocked) -> None:
    allowed = set(receipt.Receipt.__struct_fields__)
    tokens = [token for data in events(lived) if (token := event.decode(data).body.get("receipt")) is not None]
    for token in tokens:
        claims: dict[str, Any] = jws.unverified_claims(token)
        assert claims.keys() <= allowed
        assert all(NO_TEXT.fullmatch(pay.get("ref", "none")) for pay in claims["pay"])


def test_the_protocol_lists_these_members_and_no_others() -> None:
    page = (ROOT / "docs/protocol.md").read_text(encoding="utf-8").split("### 7.1 Events\n")[1].split("\n### ")[0]
    rows = dict(re.findall(r"^\| `([a-z_]+)` \|[^|]*\|(.*)\|$", page, re.MULTILINE))
    assert rows.keys() == ALLOWED.keys()
    for kind, body in rows.items():
        named = set(re.findall(r"`([a-z_]+)`", body)) - {"paid"} - WORDS.get(kind, set())
        expected = ALLOWED[kind] - ATTEMPT if kind in {"attempt", "sale"} else ALLOWED[kind]
        assert named == expected, kind
    members = page.split("An attempt's members:")[1]
    assert {name for name in ATTEMPT if f"`{name}`" not in members} == set()
