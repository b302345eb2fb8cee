"""The people of a market day: what the maker presses at the till, and what a hand does at the terminal. Nothing but HTTP.

Each method is one thing a person does, by the words on the page.
"""

from __future__ import annotations

from stall.demo import opening
from stall.demo.journey import counter
from stall.demo.journey.page import Page
from stall.demo.journey.visitor import Visitor, wait_for
from tests.journey.running import PATIENCE_S


class Seller:
    """Somebody signed in at a till; two of them are two tills."""

    def __init__(self, till: Visitor, hand: Visitor, pin: str) -> None:
        """`hand` is at the terminal's own page."""
        self.till, self.hand, self.pin = till, hand, pin
        opening.sign_in(till, pin)

    # --- what is bought ---

    def begin(self, first: str, *more: str) -> Page:
        """Press the tiles of what is bought; give the sale's page."""
        page = self.till.press(self.till.open("/"), "", first)
        for what in more:
            page = self.till.press(self.till.open(f"/?add={counter.sale_number(page)}"), "", what)
        return page

    def change(self, page: Page, where: str, button: str, value: str | None = None, **typed: str | None) -> Page:
        """Press a button of the forms that go to `where`."""
        return self.till.press(only(page, where), button, value, **typed)

    # --- how it is paid ---

    def cash(self, page: Page, given: str | None = None) -> int:
        """Take cash, exact or what was handed over; give the sale."""
        no = counter.sale_number(page)
        done = self.till.press(page, "Cash, exact") if given is None else self.till.press(page, "Take", given=given)
        paid_page(done)
        return no

    def card(self, page: Page, mode: str = "approve", *, end: str = "paid", button: str = "Card", **typed: str) -> int:
        """Have the terminal take it, which goes as its `mode` says, and wait until the till says `end`."""
        no = counter.sale_number(page)
        counter.wait_for_reader(self.till, PATIENCE_S)
        counter.set_terminal(self.hand, mode)
        self.till.press(page, button, **typed)
        self.wait_for_stage(no, end)
        return no

    def wait_for_stage(self, no: int, stage: str) -> None:
        """Wait until the till says that a sale stands so."""
        wait_for(f"sale {no} to be {stage}", lambda: counter.stage_of(self.till, no) == stage, PATIENCE_S)

    def pull_the_cable(self, page: Page) -> int:
        """Press Card, pull the terminal's cable while it waits for the card, put it back; wait until it is known what became of it."""
        no = counter.sale_number(page)
        counter.wait_for_reader(self.till, PATIENCE_S)
        counter.set_terminal(self.hand, "approve", wait_for_card=True)
        self.till.press(page, "Card")
        self._wanted()
        self.hand.press(self.hand.open("/"), "Pull the cable")
        self.wait_for_stage(no, "unknown")
        self.hand.press(self.hand.open("/"), "Put the cable")
        self.wait_for_stage(no, "choose")
        return no

    def present_card(self) -> None:
        """Hold the card to the terminal once it wants one."""
        self._wanted()
        self.hand.press(self.hand.open("/"), "Hold the card")

    def void(self, no: int) -> None:
        """Have the terminal take a card payment back, with the PIN: the sale is void."""
        counter.wait_for_reader(self.till, PATIENCE_S)
        self.till.press(self.till.open(f"/sale/{no}/back"), "Take the payment back", pin=self.pin)
        wait_for(
            f"sale {no} to be void", lambda: "given back" in self.till.open(f"/sale/{no}").root.text.lower(), PATIENCE_S
        )

    def refund(self, no: int) -> None:
        """Take everything of a sale back and hand its money out in cash, with the PIN."""
        self.till.press(self._chosen(no), "", "cash", pin=self.pin)

    def exchange(self, no: int, what: str) -> int:
        """Take everything of a sale back for something dearer; the buyer pays the difference in cash. Give the new sale."""
        page = self.till.press(self._chosen(no), "Exchange instead", pin=self.pin)
        return self.cash(self.till.press(page, "", what))

    def _chosen(self, no: int) -> Page:
        """The page of what comes back, with all of it chosen."""
        page = self.till.open(f"/sale/{no}/return")
        for left in page.root.all("a", "choice"):
            if left.attributes["aria-checked"] == "false":
                return self._all_chosen(left.attributes["href"])
        return page

    def _all_chosen(self, address: str) -> Page:
        page = self.till.open(address)
        all_of_it = page.links("All of it")
        return self.till.open(all_of_it[0][1]) if all_of_it else page

    def _wanted(self) -> None:
        wait_for("the terminal to want a card", lambda: self.hand.document("/state")["wants_card"] is True, PATIENCE_S)

    # --- the drawer and the day ---

    def float_in(self, amount: str) -> None:
        self.till.press(self.till.open("/shift"), "Open with this float", amount=amount)

    def move(self, way: str, amount: str) -> None:
        """Pay cash in or out, for the first reason there is."""
        page = only(self.till.open("/shift"), "/shift/move")
        button = f"Record what was paid {way}"
        form = next(form for form in page.root.all("form") if any(button in b.text for b in form.all("button")))
        reason = next(each.attributes["value"] for each in form.all("input") if each.attributes.get("name") == "reason")
        self.till.press(page, button, amount=amount, reason=reason)

    def count(self, **pieces: str) -> None:
        self.till.press(self.till.open("/shift/count"), "Record this count", **pieces)

    def close(self) -> None:
        self.till.press(self.till.open("/shift/close"), "Close the day")


def only(page: Page, where: str) -> Page:
    """The page with nothing but the forms that go to an address with this end."""
    found = Page(page.address, "")
    found.root.parts += [form for form in page.root.all("form") if form.attributes.get("action", "").endswith(where)]
    return found


def paid_page(page: Page) -> Page:
    """A page that says that a sale is paid; what else it says, where it does not."""
    assert page.has(css="paid"), page.root.text[:400]
    return page


def voucher_code(page: Page) -> str:
    """The code of the voucher a paid sale's page shows."""
    return next(page.first("section", "voucher").all("p", "spelled")).text.replace(" ", "")
