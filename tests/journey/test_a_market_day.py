"""A market day played through: real processes, two tills, thirty sales and everything that goes wrong; then the books, added up anew.

It is also the script for people: what stands here in order is what a maker can press on `stall demo`, and what must hold after it.
The Z-report is recomputed by `recomputed_z.py`, which has nothing of ours; the receipts are checked by `stall verify`, the journal by
`stall journal verify` and by `docs/check/check_journal.py`.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stall import settings
from stall.demo.journey import counter
from stall.demo.journey.visitor import Visitor
from tests.fakes import checking
from tests.journey.market_day import Seller, only, paid_page, voucher_code
from tests.journey.running import PATIENCE_S, RunningDemo, eventually, own_files, run_stall, running

pytestmark = pytest.mark.timeout(300)  # of all of it, for a busy machine; alone it takes half a minute
RECOMPUTED = Path(__file__).with_name("recomputed_z.py")
DROP, CARD, BOTH, VOUCHER, CUP = "own-files", "postcard", "with-cards", "voucher", "cup"


@dataclass
class Day:
    """What is left of the day: its folder, what was exported, and the sales by what they were."""

    data: Path
    out: Path
    sold: dict[str, int] = field(default_factory=dict)
    z: dict[str, Any] = field(default_factory=dict)

    def event_bodies(self) -> list[dict[str, Any]]:
        """Every event of the export, in order."""
        found = []
        for line in (self.out / "journal.jsonl").read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            if told["type"] == "event":
                found.append(json.loads(base64.urlsafe_b64decode(told["bytes"] + "==")))
        return found

    def papers(self) -> dict[str, list[Path]]:
        """Every receipt, refund and void as a file of its own, by what it is."""
        found: dict[str, list[Path]] = {}
        for event in self.event_bodies():
            if "receipt" in event["body"]:
                token = event["body"]["receipt"]
                typ = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["typ"].removesuffix("+jwt")
                file = self.out / f"{event['seq']:04d}-{typ}.jws"
                file.write_text(token + "\n")
                found.setdefault(typ, []).append(file)
        return found


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    root = tmp_path_factory.mktemp("market")
    day = Day(root / "data", root / "out")
    day.out.mkdir()
    with running(day.data, "--pack", str(own_files(root / "Own files"))) as demo:
        _with_tips_and_coins(demo)
        with Visitor(demo.at.till) as first, Visitor(demo.at.till) as second, Visitor(demo.at.terminal) as hand:
            one, two = Seller(first, hand, demo.pin), Seller(second, hand, demo.pin)
            counter.wait_for_reader(first, PATIENCE_S)
            one.float_in("100")
            _morning(day, one)
            _trouble(day, one)
            _both_tills(day, one, two)
            _afternoon(day, one)
            _evening(one)
            (day.out / "keys.json").write_bytes(_fetched(demo.at.buyers, "/keys.json"))
            (day.out / "manifest.jws").write_bytes(_fetched(demo.at.buyers, f"/drops/{DROP}/manifest.jws"))
    box = str(day.data / "box")
    assert run_stall("journal", "export", "--data", box, "--out", str(day.out / "journal.jsonl")).returncode == 0
    day.z = json.loads(run_stall("report", "z", "--json", "--data", box).stdout)["report"]
    return day


def _with_tips_and_coins(demo: RunningDemo) -> None:
    """The maker wants tips, and has no coins below five cents; the till is started anew with that, as after a power cut."""
    box = demo.data / "box"
    own = settings.load(box)
    till = msgspec.structs.replace(own.till, tips=(5, 10), cash_rounding=5)
    settings.save(box, msgspec.structs.replace(own, till=till))
    before = demo.kill_part("web")
    assert eventually(lambda: demo.parts().get("web") not in {None, before})
    with Visitor(demo.at.till) as anybody:
        assert eventually(anybody.is_there)


def _morning(day: Day, me: Seller) -> None:
    """Sales as they mostly are: cash exact and with change, cards, a bundle, a deposit."""
    me.cash(me.begin(CARD))
    me.cash(me.begin(CARD, CARD, CARD), "10")
    me.cash(me.begin(DROP), "20")
    day.sold["card"] = me.card(me.begin(DROP))
    me.card(me.begin(DROP, CARD))
    me.cash(me.begin(BOTH))
    day.sold["bundle by card"] = me.card(me.begin(BOTH))
    me.cash(me.begin(CUP, CARD))
    me.cash(me.begin(CUP), "5")


def _trouble(day: Day, me: Seller) -> None:
    """What goes wrong: a declined card, a wrong PIN at the terminal, an answer nobody heard, a cable pulled."""
    no = me.card(me.begin(DROP), "decline", end="choose")
    day.sold["declined, then cash"] = me.cash(me.till.open(f"/sale/{no}"))
    me.card(me.begin(CARD), "wrong-pin-then-approve")
    day.sold["unknown, then paid"] = me.card(me.begin(DROP), "approve-then-vanish")
    no = me.pull_the_cable(me.begin(DROP))
    day.sold["cable pulled, then cash"] = me.cash(me.till.open(f"/sale/{no}"))


def _both_tills(day: Day, one: Seller, two: Seller) -> None:
    """A second till: a card waits at the terminal while the other till takes cash; then they take turns."""
    counter.set_terminal(one.hand, "approve", wait_for_card=True)
    waiting = one.begin(DROP)
    no = counter.sale_number(waiting)
    one.till.press(waiting, "Card")
    for what in (CARD, DROP, CUP):
        two.cash(two.begin(what))
    one.present_card()
    one.wait_for_stage(no, "paid")
    for seller in (two, one, two):
        day.sold["from two tills"] = seller.cash(seller.begin(CARD))


def _afternoon(day: Day, me: Seller) -> None:
    """Discount with odd cents, tip, two tenders, a voucher sold and spent, given free, a cup back."""
    page = me.change(me.begin(CARD, DROP), "/discount", "%", "10")
    day.sold["discount"] = me.card(page)
    page = me.change(me.begin(CARD), "/discount", "Take off", amount="0.13")
    day.sold["rounded"] = me.cash(page)  # 1.37 is 1.35 in coins
    page = me.change(me.begin(DROP), "/tip", "Add", amount="0.50")
    day.sold["tip"] = me.card(page)
    page = me.till.press(me.begin(BOTH), "In cash", part="3.00")
    day.sold["two tenders"] = me.card(page)
    day.sold["voucher"] = me.cash(me.begin(VOUCHER))
    code = voucher_code(me.till.open(f"/sale/{day.sold['voucher']}"))
    me.cash(me.till.press(me.begin(BOTH, DROP), "Use it", code=code))
    page = me.begin(CARD)
    paid_page(me.till.press(only(page, "/comp"), "Give it free", pin=me.pin))
    paid_page(me.till.press(me.till.press(me.till.open("/"), "Comes back", CUP), "Hand back"))
    me.void(day.sold["card"])
    me.refund(day.sold["from two tills"])
    day.sold["exchange"] = me.exchange(day.sold["declined, then cash"], BOTH)
    for what in (CARD, BOTH, DROP, CARD, CUP):
        me.cash(me.begin(what))


def _evening(me: Seller) -> None:
    """Cash in and out of the drawer, the terminal's end of day, the count, the close."""
    me.move("in", "20")
    me.move("out", "15.50")
    counter.end_day(me.till)
    me.count(p5000="2", p2000="1", p1000="2", p500="3", p200="4", p100="5", p50="6", p20="2", p10="3", p5="1")
    me.close()


def _fetched(site: str, address: str) -> bytes:
    with Visitor(site) as buyer:
        return buyer.download(address)


def test_the_day_had_everything_a_day_has(day: Day) -> None:
    events = day.event_bodies()
    states = Counter(e["body"]["state"] for e in events if e["kind"] == "attempt")
    assert states["declined"] >= 2  # by the terminal, and by the cable: nothing was found there
    assert states["unknown"] >= 1
    assert day.z["receipts"]["sales"] >= 30
    assert [day.z["receipts"][name] for name in ("voids", "refunds", "exchanges")] == [1, 1, 1]
    assert day.z["tips"] == 50
    assert day.z["discounts"] > 0
    assert day.z["rounding"] == -2
    assert {row["tender"] for row in day.z["tenders"]} == {"cash", "card", "voucher"}
    assert len({e["body"]["by"] for e in events if e["kind"] == "sale"}) == 1


def test_every_number_of_the_z_report_is_what_the_exported_journal_adds_up_to(day: Day) -> None:
    done = subprocess.run(
        [sys.executable, "-I", str(RECOMPUTED), str(day.out / "journal.jsonl")],
        capture_output=True,
        text=True,
        check=True,
    )
    [told] = json.loads(done.stdout)
    said, adds_up = told["said"], told["adds_up"]
    assert adds_up.pop("first") == said["period"]["first"]
    assert adds_up.pop("last") == said["period"]["last"]
    copies = {
        row["drop"]: {"sold": row["sold"], "returned": row["returned"]}
        for row in said["editions"]
        if row["sold"] or row["returned"]
    }
    assert adds_up.pop("editions") == copies
    for name, ours in adds_up.items():
        if isinstance(ours, dict):
            theirs: Any = {member: said[name].get(member) for member in ours}
        elif name == "day_ends":
            theirs = [{member: row[member] for member in mine} for row, mine in zip(said[name], ours, strict=True)]
        elif name == "tenders":
            theirs = sorted(said[name], key=lambda row: str(row["tender"]))
        else:
            theirs = said[name]
        assert ours == theirs, name


def test_the_report_a_program_reads_is_the_one_in_the_journal(day: Day) -> None:
    [closed] = [event["body"] for event in day.event_bodies() if event["kind"] == "shift_close"]
    for name in ("drawer", "tenders", "vat", "tips", "rounding", "discounts", "vouchers", "receipts"):
        assert day.z[name] == closed[name], name


def test_the_journal_holds(day: Day) -> None:
    verified = run_stall("journal", "verify", "--data", str(day.data / "box"))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    checked = checking.check(day.out / "journal.jsonl")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_paper_of_the_day_passes_beside_the_others(day: Day) -> None:
    papers = day.papers()
    beside = [str(day.out / "manifest.jws"), *_delegations(day)]
    every = [str(file) for files in papers.values() for file in files]
    done = run_stall("verify", *every, *beside, "--json")
    told = json.loads(done.stdout)["papers"]
    assert (done.returncode, [each for each in told if not each["ok"]]) == (0, [])
    assert len(papers["stall-receipt"]) >= 30
    receipts = {_claims_of(file)["jti"] for file in papers["stall-receipt"]}
    for typ in ("stall-void", "stall-refund"):
        [says] = [each["says"] for each in told if each["file"] == papers[typ][0].name]
        assert _claims_of(papers[typ][0])["ref"] in receipts
        assert f"It takes back the receipt {_claims_of(papers[typ][0])['ref']}." in says


def _claims_of(file: Path) -> dict[str, Any]:
    """What a paper says."""
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(file.read_text().split(".")[1] + "=="))
    return claims


def _delegations(day: Day) -> list[str]:
    files = []
    for n, token in enumerate(json.loads((day.out / "keys.json").read_text())["delegations"]):
        (day.out / f"delegation-{n}.jws").write_text(token + "\n")
        files.append(str(day.out / f"delegation-{n}.jws"))
    return files
