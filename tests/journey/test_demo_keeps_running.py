"""A running demo: what it says, whom it refuses, and that killing any of its parts loses nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.demo import opening
from stall.demo.journey import counter, phone
from stall.demo.journey.visitor import Visitor, wait_for
from tests.journey.running import PATIENCE_S, RunningDemo, eventually, own_files, run_stall, running

PARTS = {"web", "reader", "sync", "cloud", "simulate"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """One demo for all tests here, with a small pack."""
    root = tmp_path_factory.mktemp("running")
    with running(root / "data", "--pack", str(own_files(root / "Own files"))) as demo:
        yield demo


@pytest.fixture
def people(demo: RunningDemo) -> Iterator[tuple[Visitor, Visitor, Visitor]]:
    """A buyer, the maker, and a hand at the terminal."""
    with Visitor(demo.at.buyers) as buyer, Visitor(demo.at.till) as maker, Visitor(demo.at.terminal) as hand:
        wait_for("the till to answer", maker.is_there, PATIENCE_S)  # a test before this one may have killed it
        opening.sign_in(maker, demo.pin)
        yield buyer, maker, hand


def begin_card_sale(buyer: Visitor, maker: Visitor) -> tuple[int, str]:
    """A buyer orders, the maker presses Card; give the sale and the address of the buyer's order."""
    reader_ready(maker)
    order, _ = phone.order(buyer)
    page = counter.find_basket(maker, phone.code_of(order))
    sale = counter.sale_number(page)
    maker.press(page, "Card")
    return sale, order.address


def reader_ready(maker: Visitor) -> None:
    counter.wait_for_reader(maker, PATIENCE_S)


def wait_for_stage(maker: Visitor, sale: int, stage: str) -> None:
    wait_for(f"sale {sale} to be {stage}", lambda: counter.stage_of(maker, sale) == stage, PATIENCE_S)


def wants_card(hand: Visitor) -> None:
    wait_for("the terminal to want a card", lambda: hand.document("/state")["wants_card"] is True, PATIENCE_S)


def test_it_says_where_everything_is_and_all_of_it_answers(demo: RunningDemo) -> None:
    for address in (demo.at.buyers, demo.at.till, demo.at.terminal, f"{demo.at.cloud}/healthz"):
        assert address in demo.words
        with Visitor(address) as anybody:
            assert anybody.get(address).status_code == 200
    assert str(demo.data) in demo.said[0]
    assert set(demo.parts()) == PARTS


def test_opening_twice_changes_nothing_so_an_interrupted_opening_blocks_no_later_run(demo: RunningDemo) -> None:
    with Visitor(demo.at.till) as maker:
        opening.sign_in(maker, demo.pin)
        before = maker.open("/drops").first("ul", "switches").text
        opening.open_drops(maker, demo.pin, ["own-files"])
        assert maker.open("/drops").first("ul", "switches").text == before
        assert maker.open("/drops").offers("Close", "own-files")


def test_only_the_making_opens_the_creators_folder(demo: RunningDemo) -> None:
    for name, pid in demo.parts().items():
        arguments = Path(f"/proc/{pid}/cmdline").read_text()
        assert str(demo.data / "creator") not in arguments, name
        opened = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.is_symlink()]
        assert not any(str(demo.data / "creator") in each for each in opened), name


def test_a_second_demo_on_the_same_folder_is_refused_and_the_first_goes_on(demo: RunningDemo) -> None:
    second = run_stall("demo", "--data", str(demo.data))
    assert second.returncode == 1
    assert "already runs on this data folder" in second.stderr
    assert second.stdout == ""
    assert set(demo.parts()) == PARTS


def test_a_port_in_use_is_named_with_what_to_do(demo: RunningDemo, tmp_path: Path) -> None:
    other = run_stall("demo", "--data", str(tmp_path / "other"), "--port-base", str(demo.base + 1))
    assert other.returncode == 1
    assert f"Port {demo.base + 1} on 127.0.0.1, for the buyers, is taken" in other.stderr
    assert "--port-base" in other.stderr
    assert not (tmp_path / "other" / "box").exists()


def test_the_reader_killed_in_the_middle_of_a_sale_resolves_it_after_its_restart(
    demo: RunningDemo, people: tuple[Visitor, Visitor, Visitor]
) -> None:
    buyer, maker, hand = people
    counter.set_terminal(hand, "approve", wait_for_card=True)
    sale, order = begin_card_sale(buyer, maker)
    wants_card(hand)
    killed = demo.kill_part("reader")
    assert eventually(lambda: demo.parts().get("reader") not in {None, killed})
    wait_for_stage(maker, sale, "unknown")
    assert buyer.document(f"{order}/state")["state"] == "checking"
    hand.press(hand.open("/"), "Hold the card")
    # Nobody takes the terminal's approval, so it takes the money back, and the new reader learns of that.
    wait_for_stage(maker, sale, "choose")
    assert buyer.document(f"{order}/state")["state"] == "given_back"
    assert hand.document("/ledger")["count"] == 0
    maker.press(maker.open(f"/sale/{sale}"), "Cash, exact")
    assert counter.stage_of(maker, sale) == "paid"


def test_a_payment_the_terminal_booked_before_it_vanished_is_paid_once(
    people: tuple[Visitor, Visitor, Visitor],
) -> None:
    buyer, maker, hand = people
    counter.set_terminal(hand, "approve-then-vanish")
    booked = int(str(hand.document("/ledger")["count"]))
    sale, order = begin_card_sale(buyer, maker)
    wait_for_stage(maker, sale, "paid")
    assert hand.document("/ledger")["count"] == booked + 1
    assert buyer.open(order).form("Download").action.endswith("/claim")


def booked(hand: Visitor) -> int:
    """How many payments stand in the terminal's own books."""
    entries = hand.document("/ledger")["entries"]
    assert isinstance(entries, list)
    return sum(entry["state"] == "booked" for entry in entries)


def test_the_terminal_losing_its_power_in_the_middle_of_a_sale_charges_nobody(
    demo: RunningDemo, people: tuple[Visitor, Visitor, Visitor]
) -> None:
    buyer, maker, hand = people
    reader_ready(maker)
    before = booked(hand)
    counter.set_terminal(hand, "approve", wait_for_card=True)
    sale, order = begin_card_sale(buyer, maker)
    wants_card(hand)
    killed = demo.kill_part("simulate")
    assert eventually(lambda: demo.parts().get("simulate") not in {None, killed})
    wait_for_stage(maker, sale, "choose")
    assert buyer.document(f"{order}/state")["state"] in {"cancelled", "given_back", "not_found", "not_reached"}
    assert booked(hand) == before


@pytest.mark.parametrize("name", ["web", "cloud", "sync"])
def test_a_killed_part_is_started_again(demo: RunningDemo, name: str) -> None:
    killed = demo.kill_part(name)
    assert eventually(lambda: demo.parts().get(name) not in {None, killed})
    demo.wait_for_words(f"{name} ended (signal 9)")


def test_a_sale_goes_on_after_the_web_process_was_killed_between_order_and_payment(
    demo: RunningDemo, people: tuple[Visitor, Visitor, Visitor]
) -> None:
    buyer, maker, _ = people
    wait_for("the pages to answer", lambda: _answers(buyer) and _answers(maker), PATIENCE_S)
    order, _ = phone.order(buyer)
    demo.kill_part("web")
    wait_for("the pages to answer again", lambda: _answers(buyer) and _answers(maker), PATIENCE_S)
    page = counter.find_basket(maker, phone.code_of(order))
    maker.press(page, "Cash, exact")
    assert buyer.document(f"{order.address}/state")["state"] == "paid"


def test_killed_itself_it_leaves_no_process_and_the_next_run_goes_on_with_the_next_number(demo: RunningDemo) -> None:
    with Visitor(demo.at.till) as maker:
        opening.sign_in(maker, demo.pin)
        sold = counter.sell_for_cash(maker, "own-files", "10")[0].sale
    os.kill(demo.process.pid, signal.SIGKILL)
    demo.process.wait()
    assert eventually(lambda: not demo.parts())
    run_stall("staff", "add", "Jo", "--data", str(demo.data / "box"))  # the till asks for a name from now on
    with running(demo.data, base=demo.base) as again:
        assert again.pin == demo.pin
        with Visitor(again.at.till) as maker:
            opening.sign_in(maker, again.pin)
            paid = counter.sell_for_cash(maker, "own-files", "10")[0]
            assert paid.sale == sold + 1
            assert _number(maker, sold) < _number(maker, paid.sale)
        assert again.interrupt() == 0
        assert not again.parts()


def test_it_opens_with_a_pin_that_was_changed_since_and_tells_how_to_get_another(demo: RunningDemo) -> None:
    box = str(demo.data / "box")
    assert eventually(lambda: not demo.parts())
    assert run_stall("keys", "pin", "--data", box).returncode == 0
    with running(demo.data, base=demo.base) as again:
        assert "sign in with the PIN you chose" in again.words
        assert f"stall keys pin --data {box}" in again.words


def _number(maker: Visitor, sale: int) -> int:
    return int(maker.open(f"/sale/{sale}").first("b", "number").text.removeprefix("no."))


def _answers(visitor: Visitor) -> bool:
    return visitor.is_there()
