"""What a script makes the simulated terminal do, and in which words it refuses one that is not right."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stall.errors import Refused, Retry
from stall.reader.simulated import script as scripts
from stall.reader.simulated.controls import Mode
from stall.reader.simulated.fate import At, Fate
from stall.reader.transport import connect
from stall.reader.zvt.dialogue import Dialogue
from stall.reader.zvt.link import Link
from stall.reader.zvt.timers import Timers
from stall.wire.readers.zvt import commands
from tests.reader import names as t
from tests.reader.bench import Bench, eventually, pay, story

WHOLE = """
[terminal]
tid = "52000017"
password = "000000"
auto_reversal = "decline"
next_receipt = 9998
wrap = 0
reset_receipts = true
charset = "latin1"
day_end_required = false
offline_declined = 1

[[payment]]
fault = "lost-ack"
times = 2
at = "completion"
repeat = 2

[[payment]]
fault = "decline"
code = 51
sale_before = 250
sale_after = 300

[[command]]
name = "repeat-receipt"
fault = "busy"
after = 1
times = 0

[[command]]
name = "refund"
fault = "silent"

[random]
seed = 7
faults = { approve = 5, "wrong-amount" = 1 }
"""

Run = Callable[..., Bench]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A terminal with a script; the one before it is stopped, its books are kept."""
    with contextlib.ExitStack() as running:

        def start(text: str = "", **how: bool) -> Bench:
            running.close()
            bench = Bench(tmp_path, script=read(tmp_path, text), **how)
            running.callback(bench.end)
            return bench

        yield start


def read(folder: Path, text: str) -> scripts.Script:
    (folder / "script.toml").write_text(text)
    return scripts.load(folder / "script.toml")


def test_a_whole_script_is_read(tmp_path: Path) -> None:
    script = read(tmp_path, WHOLE)
    assert script.terminal.auto_reversal == "decline"
    assert [script.payment_fate(n) for n in range(3)] == [
        Fate(Mode.LOST_ACK, 2, At.COMPLETION),
        Fate(Mode.LOST_ACK, 2, At.COMPLETION),
        Fate(Mode.DECLINE, code=51, sale_before=250, sale_after=300),
    ]
    assert [script.command_row("repeat-receipt", n) is not None for n in range(4)] == [False, True, True, True]
    assert [script.command_row("refund", n) is not None for n in range(2)] == [True, False]


WRONG = {
    "colour = 1": "unknown field `colour`",
    "[terminal]\ncolour = 1": r"unknown field `colour` - at `\$.terminal`",
    "[terminal]\nwrap = 2": r"\$.terminal.wrap",
    '[terminal]\ntid = "5200001"': r"\$.terminal.tid",
    '[terminal]\nauto_reversal = "maybe"': r"\$.terminal.auto_reversal",
    "[terminal]\nnext_receipt = 0": "next_receipt 0 needs wrap 0",
    '[[payment]]\nfault = "explode"': r"'explode' - at `\$.payment\[0\].fault`",
    "[[payment]]\ntimes = 0": r"\$.payment\[0\].times",
    "[[payment]]\ntimes = true": r"\$.payment\[0\].times",
    '[[command]]\nname = "payment"\nfault = "busy"': r"\$.command\[0\].name",
    '[[command]]\nname = "reset"\nfault = "decline"': "the command 'reset' has no fault 'decline'",
    '[[command]]\nname = "refund"\nfault = "refused"': "the command 'refund' has no fault 'refused'",
    '[[command]]\nname = "reset"': "missing required field `fault`",
    "[random]\nseed = 1\nfaults = {}": "the faults of .random. are empty",
    "[random]\nseed = 1\nfaults = { approve = 0 }": r"\$.random.faults",
    "[terminal": "Mend",
    "\xff": "Mend",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_script_that_is_not_right_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "script.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(Refused, match=WRONG[text]) as refused:
        scripts.load(tmp_path / "script.toml")
    assert refused.value.code == "simulator-script"


def test_a_script_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="simulator-script"):
        scripts.load(tmp_path / "none.toml")


PAID, DECLINED = "Started Approval yes Completed", "Started NotApproved Aborted"
TWO_DECLINES = '[[payment]]\nfault = "decline"\nrepeat = 2'


def sell(bench: Bench, amount: int = 500) -> str:
    return story(pay(bench.plug().pay(amount), amount))


def test_rows_happen_in_order_and_then_payments_are_approved(run: Run) -> None:
    bench = run(TWO_DECLINES + '\n[[payment]]\nfault = "busy"')
    assert [sell(bench) for _ in range(4)] == [DECLINED, DECLINED, "NotStarted", PAID]


def test_a_terminal_started_again_goes_on_with_its_script_and_begins_another(run: Run) -> None:
    assert sell(run(TWO_DECLINES)) == DECLINED
    again = run(TWO_DECLINES)
    assert [sell(again), sell(again)] == [DECLINED, PAID]
    assert sell(run(TWO_DECLINES + "\n[terminal]")) == PAID  # it says the same
    assert sell(run(TWO_DECLINES + "\ncode = 51")) == DECLINED


def test_what_a_person_chooses_comes_first_and_uses_up_no_row(run: Run) -> None:
    bench = run(TWO_DECLINES)
    bench.plug()
    bench.controls.choose("busy", wait_for_tap=False)
    assert [sell(bench) for _ in range(4)] == ["NotStarted", DECLINED, DECLINED, PAID]


def test_dice_fall_the_same_way_for_the_same_seed_and_number(tmp_path: Path, run: Run) -> None:
    text = "[random]\nseed = {}\nfaults = {{ approve = 1, decline = 1 }}"
    fates = [[read(tmp_path, text.format(seed)).payment_fate(n).mode for n in range(200)] for seed in (7, 7, 8)]
    assert fates[0] == fates[1] != fates[2]
    assert 60 < fates[0].count(Mode.DECLINE) < 140
    told = {Mode.APPROVE: PAID, Mode.DECLINE: DECLINED}
    heard = [sell(run(text.format(7))) for _ in range(2)]  # another terminal for each: the number stands in the books
    bench = run(text.format(7))
    heard += [sell(bench) for _ in range(2)]
    assert heard == [told[mode] for mode in fates[0][:4]]


def test_sales_on_the_terminal_itself_take_a_receipt_number(run: Run) -> None:
    bench = run("[[payment]]\nsale_before = 250\nsale_after = 300")
    assert sell(bench) == PAID
    assert [(e.receipt, e.amount, e.origin) for e in bench.new()] == [
        (2, 250, "terminal"), (3, 500, "till"), (4, 300, "terminal")
    ]  # fmt: skip
    last = bench.plug().last_payment()
    assert last is not None
    assert (last.receipt_no, last.amount_minor) == (4, 300)


@pytest.mark.parametrize(("wrap", "then"), [(1, [9999, 1]), (0, [9999, 0])])
def test_receipt_numbers_begin_and_wrap_where_the_script_says(run: Run, wrap: int, then: list[int]) -> None:
    bench = run(f"[terminal]\nnext_receipt = 9999\nwrap = {wrap}")
    assert [sell(bench), sell(bench)] == [PAID, PAID]
    assert [each.receipt for each in bench.new()] == then


def test_receipt_numbers_begin_anew_after_the_end_of_day(run: Run) -> None:
    bench = run("[terminal]\nreset_receipts = true")
    sell(bench)
    bench.plug().end_of_day()
    sell(bench)
    assert [each.receipt for each in bench.new()] == [2, 1]


def test_no_payment_is_taken_before_the_day_was_closed_where_that_is_required(run: Run) -> None:
    bench = run("[terminal]\nday_end_required = true")
    till = eventually(lambda: register(bench))
    assert till.status() == 0xF0
    assert story(pay(till.pay(500), 500)) == "NotStarted"
    till.end_of_day()
    assert till.status() == 0
    assert story(pay(till.pay(500), 500)) == PAID


def register(bench: Bench) -> t.Terminal:
    """A till that does not mind what status the terminal has."""
    bench.unplug()
    bench.till = t.Terminal(Link(connect(bench.link), bench.timers), t.PROFILES["simulated"], "000000")
    bench.till.register()
    return bench.till


def ask(bench: Bench, command: bytes) -> str:
    """Send any command that charges nothing."""
    return story(list(Dialogue(bench.till_now().link, command, commit=False).events()))


def test_offline_approvals_are_cleared_and_some_declined_late(run: Run) -> None:
    bench = run('[terminal]\noffline_declined = 1\n[[payment]]\nfault = "offline"\nrepeat = 2')
    assert [sell(bench, 700), sell(bench, 500), sell(bench, 300)] == [PAID] * 3
    assert bench.ledger.day().sums != ()
    assert ask(bench, commands.send_offline("000000")) == "Started Aborted"
    assert [(e.amount, e.state, e.clearing) for e in bench.new()] == [
        (700, "declined", "declined"), (500, "booked", "sent"), (300, "booked", "online")
    ]  # fmt: skip
    assert ask(bench, commands.send_offline("000000")) == "Started Completed"
    assert bench.plug().end_of_day().total_minor == 800


def test_the_end_of_day_clears_first(run: Run) -> None:
    bench = run('[[payment]]\nfault = "offline"')
    sell(bench, 700)
    assert bench.plug().end_of_day().total_minor == 700
    assert [each.clearing for each in bench.new()] == ["sent"]


def test_money_given_back_is_booked_as_a_refund_and_lowers_the_totals(run: Run) -> None:
    bench = run()
    sell(bench, 700)
    till = bench.plug()
    assert story(pay(till.refund(250), 250)) == PAID
    assert bench.truth() == [("payment", 700, "booked"), ("refund", 250, "booked")]
    totals = till.totals()
    assert totals is not None
    assert (totals.total_minor, totals.count) == (450, 2)
    assert till.end_of_day().total_minor == 450
    assert story(pay(till.refund(250), 250)) == PAID
    assert till.end_of_day().total_minor == 0  # the protocol has no words for less


def test_a_payment_is_reversed_by_the_till_along_its_own_fate(run: Run) -> None:
    bench = run('[[command]]\nname = "reversal"\nfault = "power-off-after-yes"\nafter = 1')
    assert [sell(bench, 700), sell(bench, 500)] == [PAID, PAID]
    assert story(pay(bench.plug().reverse(2), 700)) == PAID
    assert story(pay(bench.plug().reverse(3), 500)) == "Started Approval yes? Lost"
    assert bench.truth() == [
        ("payment", 700, "reversed"), ("payment", 500, "reversed"), ("reversal", 700, "booked"), ("reversal", 500, "booked")
    ]  # fmt: skip


@pytest.mark.parametrize(("amount", "heard"), [(500, "Started Aborted"), (700, "Started Completed")])
def test_a_reversal_of_another_amount_is_refused(run: Run, amount: int, heard: str) -> None:
    bench = run()
    sell(bench, 700)
    assert ask(bench, commands.reversal("000000", 2, amount)) == heard


@pytest.mark.parametrize("command", [commands.diagnosis(), commands.reset()])
def test_commands_without_money_end_well(run: Run, command: bytes) -> None:
    bench = run()
    bench.plug()
    assert ask(bench, command) == "Started Completed"


def test_a_till_that_logged_off_is_told_no_steps(run: Run) -> None:
    bench = run()
    till = bench.plug()
    till.link.send(commands.log_off())
    events = pay(till.pay(500), 500)
    assert not any(isinstance(each, t.Intermediate) for each in events)


DISTURBED = {
    "busy": "NotStarted",
    "refused": "NotStarted",
    "aborted": "Started Aborted",
    "silent": "Lost",
    "late-answer": "Lost",
    "completion-only": "Started Completed",
    "hang-up": "Started Lost",
}


@pytest.mark.parametrize("fault", DISTURBED)
def test_a_disturbed_command_is_heard_so_once(run: Run, fault: str) -> None:
    bench = run(f'[[command]]\nname = "totals"\nfault = "{fault}"\ncode = 0x66')
    bench.plug()
    assert ask(bench, commands.turnover_totals("000000")) == DISTURBED[fault]
    bench.new()
    bench.plug()
    assert ask(bench, commands.turnover_totals("000000")) == "Started Completed"


def test_a_refused_registration_bears_its_code(run: Run) -> None:
    bench = run('[[command]]\nname = "registration"\nfault = "refused"\ntimes = 0\ncode = 0x6F')
    with pytest.raises(Refused, match="Wrong currency"):
        bench.plug_once()


def test_the_command_speaks_over_the_network_as_its_script_says(tmp_path: Path) -> None:
    read(tmp_path, '[[payment]]\nfault = "wrong-currency"')
    command = [sys.executable, "-m", "stall", "simulate", "zvt", "--data", str(tmp_path), "--tcp", "0", "--panel", "0"]
    command += ["--script", str(tmp_path / "script.toml"), "--card-after", "0", "--scale", "0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            link = process.stdout.readline().strip()
            assert link.startswith("tcp:127.0.0.1:")
            till = t.Terminal(Link(eventually(lambda: connect(link)), Timers(0.1)), t.PROFILES["simulated"], "000000")
            till.register()
            told = [each.told for each in till.pay(500).events() if isinstance(each, t.Approval)]
            assert [each.currency for each in told] == ["CHF"]
            till.close()
        finally:
            process.terminate()
    assert process.returncode == 0


@pytest.mark.parametrize("where", [[], ["--pty", "port", "--tcp", "0"]])
def test_the_command_wants_exactly_one_place(where: list[str]) -> None:
    from click.testing import CliRunner

    from stall.commands.simulate import simulate

    done = CliRunner().invoke(simulate, ["zvt", "--data", "data", "--panel", "0", *where])
    assert (done.exit_code, "either --pty or --tcp" in done.output) == (2, True)


def test_one_till_at_a_time_and_the_next_when_it_hangs_up(run: Run) -> None:
    bench = run(tcp=True)
    bench.plug()
    other = t.Terminal(Link(connect(bench.link), bench.timers), t.PROFILES["simulated"], "000000")
    with pytest.raises(Retry):
        other.register()
    other.close()
    bench.unplug()
    assert sell(bench) == PAID
