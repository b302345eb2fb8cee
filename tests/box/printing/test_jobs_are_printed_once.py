"""Jobs on their way to a printer: asked for with the sale, begun before the first byte, done after the last, never twice by themselves."""

from __future__ import annotations

import dataclasses
from contextlib import closing
from pathlib import Path

import pytest

from stall.box.printer.worker import Printing
from stall.errors import Refused
from stall.flows import print_paper
from stall.flows.take_cash import take_cash
from stall.settings import Printer
from stall.store import print_jobs, sales
from stall.store.audit import audit
from stall.store.db import Tx
from stall.store.print_jobs import Job
from tests.box.printing import paper_reader, printers
from tests.box.printing.printers import NetworkPrinter, SerialPrinter
from tests.fakes.stock import PRINTS, Stocked
from tests.flows import selling

KEY = bytes(range(16))


def printing(stall: Stocked, link: str, *, auto: bool = False, drawer: bool = False, width_mm: int = 58) -> Printing:
    own = Printer(link, width_mm=58 if width_mm == 58 else 80, auto=auto, drawer=drawer)
    worker = Printing(stall.box, own)
    worker.begin()
    return worker


def sell(stall: Stocked) -> int:
    sale = selling.basket(stall, PRINTS)
    selling.cash(stall, sale, given=1000)
    return sale


def ask(stall: Stocked, sale: int, key: bytes = KEY) -> int:
    with stall.box.db.transaction() as tx:
        return print_paper.ask_receipt(tx, sale, key)


def job(stall: Stocked, no: int) -> Job:
    found = print_jobs.find(stall.box.db.read(), no)
    assert found is not None
    return found


def standing(stall: Stocked) -> print_jobs.PrinterState:
    found = print_jobs.printer(stall.box.db.read())
    assert found is not None
    return found


def checks_out(stall: Stocked) -> bool:
    return audit(stall.box.db.read(), stall.box.secrets.signing.public).findings == []


def test_a_receipt_asked_for_is_printed_and_told_done(stall: Stocked, network: NetworkPrinter) -> None:
    worker = printing(stall, network.link)
    no = ask(stall, sell(stall))
    worker.round()
    assert (job(stall, no).state, job(stall, no).copy) == ("done", 0)
    assert network.behaviour.printed().cuts == 1
    assert selling.events(stall, "printed") == []
    assert standing(stall).state == "ready"


def test_a_second_press_prints_nothing_more_and_a_second_wish_is_a_copy(
    stall: Stocked, network: NetworkPrinter
) -> None:
    worker = printing(stall, network.link)
    sale = sell(stall)
    first = ask(stall, sale)
    worker.round()
    assert ask(stall, sale) == first
    worker.round()
    assert network.behaviour.printed().cuts == 1
    network.behaviour.received.clear()
    second = ask(stall, sale, bytes(16))
    worker.round()
    assert job(stall, second).copy == 1
    assert "COPY" in " ".join(network.behaviour.printed().words)
    (told,) = selling.events(stall, "printed")
    assert told.body == {"what": "receipt", "copy": 1, "paper": selling.receipt_of(stall, sale).jti}
    assert checks_out(stall)


def test_every_receipt_is_printed_where_the_settings_say_so(stall: Stocked, network: NetworkPrinter) -> None:
    worker = printing(stall, network.link, auto=True)
    sell(stall)
    sell(stall)
    worker.round()
    assert network.behaviour.printed().cuts == 2
    assert network.behaviour.printed().kicks == 0


def test_cash_opens_the_drawer_before_anything_is_printed(stall: Stocked, network: NetworkPrinter) -> None:
    worker = printing(stall, network.link, auto=True, drawer=True)
    sell(stall)
    assert [each.kind for each in print_jobs.newest(stall.box.db.read(), 9)] == ["receipt", "drawer"]
    worker.round()
    commands = network.behaviour.printed().commands
    assert commands.index("kick 0") < commands.index("cut")
    assert network.behaviour.printed().kicks == 1


def test_a_card_sale_opens_no_drawer(stall: Stocked, network: NetworkPrinter) -> None:
    worker = printing(stall, network.link, drawer=True)
    selling.card(stall, selling.basket(stall, PRINTS))
    worker.round()
    assert network.behaviour.received == b""


def test_without_a_printer_a_sale_asks_for_nothing(stall: Stocked) -> None:
    sale = sell(stall)
    assert print_jobs.newest(stall.box.db.read(), 9) == []
    with pytest.raises(Refused) as refused:
        ask(stall, sale)
    assert refused.value.code == "printer-missing"


def test_a_sale_that_is_rolled_back_opens_no_drawer(stall: Stocked, network: NetworkPrinter) -> None:
    printing(stall, network.link, auto=True, drawer=True)
    sale = selling.basket(stall, PRINTS)

    def fail(tx: Tx) -> None:
        take_cash(tx, sale, 1, 1000)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        stall.box.write("payment", fail)
    assert print_jobs.newest(stall.box.db.read(), 9) == []


def test_a_drawer_opened_by_hand_is_journaled(stall: Stocked, network: NetworkPrinter) -> None:
    worker = printing(stall, network.link, drawer=True)
    with stall.box.db.transaction() as tx:
        print_paper.ask_drawer(tx, KEY)
    with stall.box.db.transaction() as tx:
        print_paper.ask_drawer(tx, KEY)
    worker.round()
    assert [told.body for told in selling.events(stall, "staff")] == [{"what": "drawer"}]
    assert network.behaviour.printed().kicks == 1
    assert checks_out(stall)


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        (printers.OUT_OF_PAPER, "The printer is out of paper."),
        (printers.COVER_OPEN, "The printer's cover is open."),
        (printers.OFFLINE, "The printer is switched to offline."),
        (printers.JAMMED, "The printer reports a fault of its own"),
    ],
)
def test_a_printer_that_cannot_print_keeps_its_jobs_and_says_why(
    stall: Stocked, network: NetworkPrinter, stands: dict[int, int], said: str
) -> None:
    network.behaviour.stands = dict(stands)
    worker = printing(stall, network.link)
    no = ask(stall, sell(stall))
    worker.round()
    assert job(stall, no).state == "asked"
    assert network.behaviour.received == b""
    assert (standing(stall).state, standing(stall).sentence.startswith(said)) == ("attention", True)
    network.behaviour.stands = dict(printers.READY)
    worker.round()
    assert job(stall, no).state == "done"
    assert network.behaviour.printed().cuts == 1
    assert standing(stall).state == "ready"


def test_a_roll_nearly_at_its_end_is_said_while_it_prints(stall: Stocked, network: NetworkPrinter) -> None:
    network.behaviour.stands = printers.NEARLY_OUT
    worker = printing(stall, network.link)
    no = ask(stall, sell(stall))
    worker.round()
    assert job(stall, no).state == "done"
    assert "nearly at its end" in standing(stall).sentence


def test_a_printer_that_is_off_is_said_to_be_and_prints_when_it_is_back(stall: Stocked) -> None:
    gone = NetworkPrinter()
    link = gone.link
    gone.close()
    worker = printing(stall, link)
    assert standing(stall).state == "lost"
    assert standing(stall).sentence.startswith("The printer is not connected")
    no = ask(stall, sell(stall))
    worker.round()
    assert job(stall, no).state == "asked"


def test_a_cable_pulled_in_the_middle_leaves_the_job_unclear(stall: Stocked, network: NetworkPrinter) -> None:
    network.behaviour.limit = 2000
    worker = printing(stall, network.link)
    sale = sell(stall)
    no = ask(stall, sale)
    worker.round()
    assert job(stall, no).state == "unclear"
    assert "Part of this may have come out." in (job(stall, no).answer or "")
    network.behaviour.limit = None
    network.behaviour.received.clear()
    worker.round()
    worker.round()
    assert network.behaviour.received == b"", "nothing is printed again by itself"
    again = ask(stall, sale, bytes(16))
    worker.round()
    assert (job(stall, again).state, job(stall, again).copy) == ("done", 1)
    assert "COPY" in " ".join(network.behaviour.printed().words)


def test_paper_that_ends_in_the_middle_is_told_and_leaves_the_job_unclear(
    stall: Stocked, network: NetworkPrinter
) -> None:
    network.behaviour.limit, network.behaviour.then = 1500, dict(printers.OUT_OF_PAPER)
    worker = printing(stall, network.link)
    no = ask(stall, sell(stall))
    worker.round()
    assert job(stall, no).state == "unclear"
    assert "The printer is out of paper." in (job(stall, no).answer or "")
    assert standing(stall).state == "attention"


def test_a_process_that_died_while_printing_leaves_the_job_unclear(
    stall: Stocked, network: NetworkPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = printing(stall, network.link)
    no = ask(stall, sell(stall))

    def die(*_: object) -> tuple[str, str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "_print", die)  # the process ends here, after the job was begun
    with pytest.raises(KeyboardInterrupt):
        worker.round()
    worker.stop(0)
    assert job(stall, no).state == "begun"
    after = printing(stall, network.link)
    after.round()
    assert job(stall, no).state == "unclear"
    assert network.behaviour.received == b""
    assert "The box stopped in the middle of printing this" in (job(stall, no).answer or "")


def test_what_waits_too_long_is_given_up(stall: Stocked, network: NetworkPrinter) -> None:
    network.behaviour.stands = dict(printers.OUT_OF_PAPER)
    worker = printing(stall, network.link, auto=True, drawer=True)
    network.close()
    sell(stall)
    worker.round()
    stall.clock.advance(11_000)
    worker.round()
    states = {each.kind: each.state for each in print_jobs.newest(stall.box.db.read(), 9)}
    assert states == {"drawer": "failed", "receipt": "asked"}
    stall.clock.advance(600_000)
    worker.round()
    states = {each.kind: each.state for each in print_jobs.newest(stall.box.db.read(), 9)}
    assert states == {"drawer": "failed", "receipt": "failed"}


def test_a_printer_that_tells_nothing_is_believed(stall: Stocked, network: NetworkPrinter) -> None:
    network.behaviour.silent = True
    worker = printing(stall, network.link)
    no = ask(stall, sell(stall))
    worker.round()
    assert job(stall, no).state == "done"
    assert standing(stall).sentence == "The printer is connected. It does not tell how it stands."


def test_a_printer_on_the_network_is_left_to_others_between_jobs(stall: Stocked, network: NetworkPrinter) -> None:
    worker = printing(stall, network.link)
    for n in range(3):
        ask(stall, sell(stall), bytes([n]) * 16)
    worker.round()
    assert network.connections == 1 + 3
    assert network.behaviour.printed().cuts == 3


@pytest.mark.parametrize("width_mm", [58, 80])
def test_a_printer_on_a_serial_line_prints_the_same(stall: Stocked, width_mm: int) -> None:
    with closing(SerialPrinter()) as printer:
        worker = printing(stall, printer.link, auto=True, drawer=True, width_mm=width_mm)
        sell(stall)
        worker.round()
        out = printer.behaviour.printed(width_mm)
        assert (out.cuts, out.kicks) == (1, 1)
        assert len(out.codes) == 1
        worker.stop(0)


def test_a_file_takes_the_bytes_in_place_of_a_printer(stall: Stocked, tmp_path: Path) -> None:
    worker = printing(stall, f"file:{tmp_path / 'paper.bin'}", auto=True)
    sell(stall)
    worker.round()
    assert paper_reader.read((tmp_path / "paper.bin").read_bytes()).cuts == 1


def test_a_void_is_printed_too_and_asked_for_again_is_the_paper_of_the_sale(
    stall: Stocked, network: NetworkPrinter
) -> None:
    worker = printing(stall, network.link, auto=True)
    sale = selling.basket(stall, PRINTS)
    paid = selling.card(stall, sale)
    worker.round()
    network.behaviour.received.clear()
    selling.give_back_by_card(stall, paid.no)
    worker.round()
    words = " ".join(network.behaviour.printed().words)
    assert "VOID" in words
    assert "COPY" not in words
    no = ask(stall, sale)
    assert job(stall, no).subject == sales.get(stall.box.db.read(), sale).void_event


def test_a_wrong_link_is_said_and_stops_nobody(stall: Stocked) -> None:
    worker = printing(stall, "parallel:/dev/lp0", auto=True)
    assert standing(stall).state == "lost"
    assert "is no printer" in standing(stall).sentence
    sell(stall)
    worker.round()


def test_a_test_page_shows_a_code_and_every_alphabet(stall: Stocked, network: NetworkPrinter) -> None:
    worker = printing(stall, network.link)
    with stall.box.db.transaction() as tx:
        print_paper.ask_test(tx, KEY)
    worker.round()
    out = network.behaviour.printed()
    assert out.codes == [stall.box.settings.web.address.upper()]
    assert out.bands


def test_no_job_log_or_event_holds_a_claim_code(
    stall: Stocked, network: NetworkPrinter, capfd: pytest.CaptureFixture[str]
) -> None:
    from stall.store import claim_codes

    worker = printing(stall, network.link, auto=True)
    sale = sell(stall)
    worker.round()
    ask(stall, sale)
    worker.round()
    code = claim_codes.code_of(stall.box.db.read(), stall.box.secrets.claim_key, sales.get(stall.box.db.read(), sale))
    assert code is not None
    assert code.encode() in bytes(network.behaviour.received) or network.behaviour.printed().codes
    kept = [str(dataclasses.asdict(each)) for each in print_jobs.newest(stall.box.db.read(), 9)]
    kept += [str(told.body) for told in selling.events(stall)]
    captured = capfd.readouterr()
    assert all(code not in text for text in [*kept, captured.out, captured.err])


def test_a_tampered_count_of_copies_is_found(stall: Stocked, network: NetworkPrinter) -> None:
    worker = printing(stall, network.link)
    sale = sell(stall)
    ask(stall, sale)
    worker.round()
    ask(stall, sale, bytes(16))
    worker.round()

    def spoil(statement: str) -> None:
        with stall.box.db.transaction() as tx:
            tx.conn.execute(statement)

    assert checks_out(stall)
    spoil("UPDATE print_jobs SET copy = 2 WHERE copy = 1")
    assert not checks_out(stall)
    spoil("DELETE FROM print_jobs WHERE copy = 2")
    assert not checks_out(stall)
