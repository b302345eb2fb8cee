"""An owner slip: its code is drawn when the printer is ready, named by the certificate, on one paper only, and nowhere else afterwards."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from stall.box.printer import owner_slip, worker
from stall.box.printer.worker import Printing
from stall.errors import Refused
from stall.flows import name_owner, print_paper
from stall.flows.claim import redeem_order
from stall.settings import Printer
from stall.store import owner_slips, print_jobs
from stall.store.db import Tx
from stall.store.print_jobs import Job
from stall.wire import ownercode
from tests.box.printing import paper_reader, printers
from tests.box.printing.printers import NetworkPrinter
from tests.box.printing.test_jobs_are_printed_once import checks_out, job, printing, sell
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.flows import closing as shifts
from tests.flows import selling

KEY = bytes(range(16))


def ask(stall: Stocked, sale: int, key: bytes = KEY) -> int:
    kept = owner_slips.find(stall.folder, owner_of(stall, sale)) is not None
    with stall.box.db.transaction() as tx:
        return print_paper.ask_owner_slip(tx, sale, key, kept=kept)


def owner_of(stall: Stocked, sale: int) -> str | None:
    return name_owner.owner_of(stall.box.db.read(), sale)


def code_on(data: bytes) -> bytes:
    """The owner code on a paper, put together from its large lines."""
    words = paper_reader.read(data).words
    at = next(n for n, line in enumerate(words) if "fold, code inside" in line)
    signs = ""
    for line in words[at + 1 :]:
        signs += line.replace(" ", "")
        if len(signs) == ownercode.CODE_CHARS:
            break
    return ownercode.decode(signs)


def where_kept(stall: Stocked, code: bytes) -> list[str]:
    """Every file of the box that holds a code in any spelling, and of a backup of its database made now."""
    backup = stall.folder.parent / "backup.sqlite"
    backup.unlink(missing_ok=True)
    with closing(sqlite3.connect(stall.folder / "stall.sqlite")) as conn:
        conn.execute("VACUUM INTO ?", (str(backup),))
    text = ownercode.encode(code)
    spelled = (code, code.hex().encode(), text.encode(), " ".join(text[n : n + 4] for n in range(0, 28, 4)).encode())
    files = [backup, *(path for path in stall.folder.rglob("*") if path.is_file())]
    return [path.name for path in files if any(each in path.read_bytes() for each in spelled)]


def test_the_certificate_names_the_key_of_the_code_on_the_paper(stall: Stocked, network: NetworkPrinter) -> None:
    work = printing(stall, network.link)
    sale = sell(stall)
    no = ask(stall, sale)
    work.round()
    assert (job(stall, no).state, network.behaviour.printed().cuts) == ("done", 1)
    code = code_on(bytes(network.behaviour.received))
    assert owner_of(stall, sale) == ownercode.key_of(code).did
    assert where_kept(stall, code) == []
    assert not list((stall.folder / owner_slips.FOLDER).iterdir())
    assert checks_out(stall)


def test_the_slip_cannot_be_taken_for_what_opens_the_download(stall: Stocked, network: NetworkPrinter) -> None:
    work = printing(stall, network.link)
    ask(stall, sell(stall))
    work.round()
    out = network.behaviour.printed()
    words = " ".join(" ".join(out.words).split())
    assert out.codes == []
    assert out.native == []
    assert "/t" not in words.lower().split()
    assert stall.box.settings.web.address not in words
    for said in ("Owner code", "Harbour Prints", "No. 1 of 5", "It opens no download", "fold, code inside"):
        assert said in words


def test_while_the_printer_is_not_ready_no_code_is_drawn_and_nothing_signed(
    stall: Stocked, network: NetworkPrinter
) -> None:
    network.behaviour.stands = dict(printers.OUT_OF_PAPER)
    work = printing(stall, network.link)
    sale = sell(stall)
    no = ask(stall, sale)
    assert ask(stall, sale, bytes(16)) == no, "what waits is not asked for twice"
    work.round()
    assert (job(stall, no).state, owner_of(stall, sale)) == ("asked", None)
    assert not (stall.folder / owner_slips.FOLDER).exists()
    network.behaviour.stands = dict(printers.READY)
    work.round()
    assert job(stall, no).state == "done"
    assert owner_of(stall, sale) is not None


def test_a_buyer_who_opens_the_download_first_is_not_made_an_owner_later(
    stall: Stocked, network: NetworkPrinter
) -> None:
    network.behaviour.stands = dict(printers.OUT_OF_PAPER)
    work = printing(stall, network.link)
    sale = sell(stall)
    no = ask(stall, sale)
    with stall.box.db.transaction() as tx:
        redeem_order(tx, sale, KEY)
    network.behaviour.stands = dict(printers.READY)
    work.round()
    assert (job(stall, no).state, owner_of(stall, sale)) == ("failed", None)
    assert "made out already" in (job(stall, no).answer or "")
    assert network.behaviour.received == b""
    assert owner_slips.erase_others(stall.folder) == 0


def test_a_sale_taken_back_meanwhile_has_no_slip(stall: Stocked, network: NetworkPrinter) -> None:
    network.behaviour.stands = dict(printers.OUT_OF_PAPER)
    work = printing(stall, network.link)
    sale = selling.basket(stall, PRINTS)
    paid = selling.card(stall, sale)
    no = ask(stall, sale)
    selling.give_back_by_card(stall, paid.no)
    network.behaviour.stands = dict(printers.READY)
    work.round()
    assert job(stall, no).state == "failed"
    assert "taken back" in (job(stall, no).answer or "")
    assert owner_slips.erase_others(stall.folder) == 0


def test_it_is_never_printed_twice(stall: Stocked, network: NetworkPrinter) -> None:
    work = printing(stall, network.link)
    sale = sell(stall)
    ask(stall, sale)
    work.round()
    with pytest.raises(Refused, match="owner-printed"):
        ask(stall, sale, bytes(16))


def test_several_numbers_of_a_sale_have_one_code_on_one_slip(stall: Stocked, network: NetworkPrinter) -> None:
    work = printing(stall, network.link)
    sale = selling.basket(stall, PRINTS, PRINTS, PRINTS, ZINE)
    selling.cash(stall, sale, given=10_000)
    ask(stall, sale)
    work.round()
    words = " ".join(network.behaviour.printed().words)
    assert network.behaviour.printed().cuts == 1
    assert "No. 1, 2, 3 of 5" in words
    assert "Night Zine" in words


def test_paper_that_ends_in_the_middle_keeps_the_code_to_be_copied_until_somebody_says_it_is_done(
    stall: Stocked, network: NetworkPrinter
) -> None:
    network.behaviour.limit, network.behaviour.then = 300, dict(printers.OUT_OF_PAPER)
    work = printing(stall, network.link)
    sale = sell(stall)
    no = ask(stall, sale)
    work.round()
    assert job(stall, no).state == "unclear"
    code = owner_slips.find(stall.folder, owner_of(stall, sale))
    assert code is not None
    (held,) = where_kept(stall, code)
    assert held.endswith(".code")
    with pytest.raises(Refused, match="owner-printed"):
        ask(stall, sale, bytes(16))
    with (stall.folder / owner_slips.FOLDER / held).open("rb") as file:
        assert owner_slips.erase(stall.folder, owner_of(stall, sale))
        assert file.read() == bytes(16), "overwritten, not only removed"
    assert where_kept(stall, code) == []


def test_nothing_but_its_own_file_holds_a_code_that_is_being_printed(
    stall: Stocked, network: NetworkPrinter, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    found: list[tuple[bytes, list[str]]] = []
    printed = worker.Printing._print

    def look(own: Printing, *given: object) -> tuple[str, str]:
        code = owner_slips.find(stall.folder, owner_of(stall, sale)) or b""
        found.append((code, where_kept(stall, code)))
        return printed(own, *given)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(worker.Printing, "_print", look)
    work = printing(stall, network.link)
    sale = sell(stall)
    ask(stall, sale)
    work.round()
    ((code, files),) = found
    assert [name.rpartition(".")[2] for name in files] == ["code"]
    assert oct((stall.folder / owner_slips.FOLDER).stat().st_mode)[-3:] == "700"
    said = "".join(capfd.readouterr())
    assert ownercode.encode(code) not in said.replace(" ", "")
    assert code.hex() not in said


def test_a_code_that_nothing_was_signed_for_is_not_kept(
    stall: Stocked, network: NetworkPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Refused("owner-too-late", "Too late.")

    work = printing(stall, network.link)
    no = ask(stall, sell(stall))
    monkeypatch.setattr(name_owner, "sign_for", refuse)
    work.round()
    assert job(stall, no).state == "failed"
    assert owner_slips.erase_others(stall.folder) == 0


def test_closing_the_shift_gives_up_what_waits(stall: Stocked, network: NetworkPrinter) -> None:
    network.behaviour.stands = dict(printers.OUT_OF_PAPER)
    printing(stall, network.link)
    sale = sell(stall)
    no = ask(stall, sale)
    shifts.close(stall.box)
    assert job(stall, no).state == "failed"
    assert owner_of(stall, sale) is None


def test_with_the_setting_every_numbered_sale_has_its_slip_before_its_receipt(
    stall: Stocked, network: NetworkPrinter
) -> None:
    work = Printing(stall.box, Printer(network.link, auto=True, owner_slips=True))
    work.begin()
    sale = sell(stall)
    unnumbered = selling.basket(stall, ZINE)
    selling.cash(stall, unnumbered, given=1000)
    jobs = print_jobs.newest(stall.box.db.read(), 9)
    assert [(each.kind, each.subject) for each in jobs if each.kind == "owner"] == [("owner", sale)]
    work.round()
    words = network.behaviour.printed().words
    assert words.index(next(w for w in words if "Owner code" in w)) < words.index(
        next(w for w in words if "Total" in w)
    )
    assert owner_of(stall, sale) is not None
    assert owner_of(stall, unnumbered) is None
    assert checks_out(stall)


DIES = """
import os, signal, sys
from pathlib import Path
from stall import app
from stall.box.printer import owner_slip
from stall.box.printer.worker import Printing
from stall.settings import Printer
owner_slip.erase = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
box = app.open_box(Path(sys.argv[1]))
work = Printing(box, Printer(sys.argv[2]))
work.begin()
work.round()
"""


def test_killed_between_printing_and_erasing_it_says_unclear_and_the_code_can_still_be_copied(
    stall: Stocked, tmp_path: Path
) -> None:
    paper = tmp_path / "paper.bin"
    with stall.box.db.transaction() as tx:
        print_paper.report(tx, "ready", "The printer is ready.", auto=False, drawer=False)
    sale = sell(stall)
    no = ask(stall, sale)
    given = [sys.executable, "-c", DIES, str(stall.folder), f"file:{paper}"]
    assert subprocess.run(given, capture_output=True, timeout=20, check=False).returncode == -signal.SIGKILL
    assert job(stall, no).state == "begun"
    kept = owner_slips.find(stall.folder, owner_of(stall, sale))
    assert code_on(paper.read_bytes()) == kept
    printing(stall, f"file:{paper}").round()
    assert job(stall, no).state == "unclear"
    assert "show the code here" in (job(stall, no).answer or "")
    assert owner_slips.find(stall.folder, owner_of(stall, sale)) == kept
    (held,) = where_kept(stall, kept)
    assert held.endswith(".code")


def test_killed_after_erasing_it_knows_that_the_slip_is_out(
    stall: Stocked, network: NetworkPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    work = printing(stall, network.link)
    no = ask(stall, sell(stall))
    monkeypatch.setattr(work, "_end", die)
    with pytest.raises(KeyboardInterrupt):
        work.round()
    work.stop(0)
    printing(stall, network.link)
    assert job(stall, no).state == "done"


def test_what_no_paper_waits_for_is_erased_when_printing_begins(stall: Stocked, network: NetworkPrinter) -> None:
    code = bytes(range(16))
    owner_slips.keep(stall.folder, ownercode.key_of(code).did, code)
    (stall.folder / owner_slips.FOLDER / "half.code").write_bytes(code[:5])
    printing(stall, network.link)
    assert where_kept(stall, code) == []
    assert not list((stall.folder / owner_slips.FOLDER).iterdir())


def test_a_slip_that_never_began_is_printed_later_with_the_same_code(
    stall: Stocked, network: NetworkPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it left, so nothing came out: the code that was signed for is printed, and no other drawn."""
    work = printing(stall, network.link)
    sale = sell(stall)
    no = ask(stall, sale)
    with monkeypatch.context() as patched:
        patched.setattr(worker.Printing, "_print", lambda *_: (print_jobs.FAILED, "Nothing left."))
        work.round()
    assert job(stall, no).state == "failed"
    signed = owner_of(stall, sale)
    again = ask(stall, sale, bytes(16))
    work.round()
    assert job(stall, again).state == "done"
    assert ownercode.key_of(code_on(bytes(network.behaviour.received))).did == signed


def test_a_job_that_was_taken_back_draws_no_code(stall: Stocked, network: NetworkPrinter) -> None:
    printing(stall, network.link)
    sale = sell(stall)
    asked: Job = job(stall, ask(stall, sale))
    with stall.box.db.transaction() as tx:
        print_paper.drop_owner_slip(tx, sale, "Not wanted.")
    assert owner_slip.draw(stall.box, asked) is None
    assert (owner_of(stall, sale), owner_slips.erase_others(stall.folder)) == (None, 0)


def test_a_code_on_the_screen_takes_back_the_slip_that_waits(stall: Stocked, network: NetworkPrinter) -> None:
    network.behaviour.stands = dict(printers.OUT_OF_PAPER)
    printing(stall, network.link)
    sale = sell(stall)
    no = ask(stall, sale)

    def work(tx: Tx) -> bytes:
        return name_owner.name_owner(tx, sale, KEY)

    code = stall.box.write("payment", work)
    assert (job(stall, no).state, job(stall, no).answer) == ("failed", name_owner.SHOWN_INSTEAD)
    assert owner_of(stall, sale) == ownercode.key_of(code).did
