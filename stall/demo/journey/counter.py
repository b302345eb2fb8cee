"""The maker at the till, and a hand at the simulated terminal: all of it through their pages."""

from __future__ import annotations

from dataclasses import dataclass

from stall.demo.journey.page import Page
from stall.demo.journey.visitor import Visitor, wait_for
from stall.errors import Broken

READER_READY_WITHIN_S = 20.0
PAID_WITHIN_S = 30.0
DAY_END_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Paid:
    """A sale the till shows as paid: its number and the claim code under the square."""

    sale: int
    code: str
    page: Page


def wait_for_reader(maker: Visitor, within_s: float = READER_READY_WITHIN_S) -> None:
    """Wait until the till's strip says that the card reader is ready."""
    wait_for("the till to show the card reader ready", lambda: _flag_is_ok(maker.open("/")), within_s)


def set_terminal(hand: Visitor, mode: str, *, wait_for_card: bool = False) -> None:
    """Choose on the terminal's page what happens to the next payment, and whether a card comes by itself."""
    hand.press(hand.open("/"), "Use this", mode=mode, tap="on" if wait_for_card else None)


def find_basket(maker: Visitor, code: str) -> Page:
    """Type the code on the buyer's phone; give the sale's page."""
    return maker.press(maker.open("/"), "Find", q=code)


def sale_number(page: Page) -> int:
    """The number of the sale a till page shows, from its address."""
    number = page.address.split("#")[0].split("?")[0].rstrip("/").rsplit("/", 1)[-1]
    if not number.isdigit():
        raise Broken("page-without", f"The page {page.address} is not that of a sale. It says: {page.root.text[:200]}")
    return int(number)


def wait_until_paid(maker: Visitor, sale: int) -> None:
    """Wait until the till shows the sale as paid."""
    wait_for("the till to show the sale as paid", lambda: stage_of(maker, sale) == "paid", PAID_WITHIN_S)


def stage_of(maker: Visitor, sale: int) -> str:
    """Where the till says a sale stands: choose, card, unknown, paid or dropped."""
    return str(maker.document(f"/sale/{sale}/state")["stage"])


def sell_for_cash(maker: Visitor, drop: str, given: str) -> tuple[Paid, str]:
    """Press the tile, type what the buyer handed over, and take it; give the paid sale and the change as shown."""
    page = maker.press(maker.open("/"), "", drop)
    maker.press(page, "Take", given=given)
    done = paid(maker, sale_number(page))
    change = next((each.text for each in done.page.root.all("p", "change")), "")
    return done, change


def paid(maker: Visitor, sale: int) -> Paid:
    """Read a paid sale's page: the claim code stands there for the buyer to scan or type."""
    page = maker.open(f"/sale/{sale}")
    return Paid(sale, page.first("p", "spelled").text.replace(" ", ""), page)


def end_day(maker: Visitor) -> None:
    """Ask the terminal for its end of day and wait until it has said its totals."""
    page = maker.press(maker.open("/day"), "Ask the terminal")
    address = page.address

    def done() -> bool:
        status = maker.open(address).root.all("p", "state")
        return any("tone-ok" in each.attributes.get("class", "") for each in status)

    wait_for("the terminal's end of day", done, DAY_END_WITHIN_S)


def everything_sent(maker: Visitor) -> bool:
    """Whether the till says that the cloud has and countersigned every record."""
    checks = list(maker.open("/day").first("ul", "checks").all("li"))
    return any("Cloud" in each.text and "tone-ok" in each.attributes.get("class", "") for each in checks)


def _flag_is_ok(page: Page) -> bool:
    flags = [each for each in page.root.all("li") if each.attributes.get("data-flag") == "reader"]
    return any("tone-ok" in each.attributes.get("class", "") for each in flags)
