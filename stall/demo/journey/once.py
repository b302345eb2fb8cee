"""`stall demo --once`: one whole sale as a check, through the pages a phone, a till and a hand at the terminal see.

No database is opened here. What is believed was downloaded, exported or signed, and is compared in `papers` and `ledgers`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from stall import settings as settings_file
from stall.demo import opening, session
from stall.demo.journey import counter, ledgers, papers, phone
from stall.demo.journey.findings import Findings
from stall.demo.journey.keepsakes import OBJECT, Keepsakes
from stall.demo.journey.ledgers import CloudBooks, JournalExport
from stall.demo.journey.papers import KeysFile
from stall.demo.journey.phone import TakenHome
from stall.demo.journey.visitor import Visitor, wait_for
from stall.demo.ports import Ports
from stall.demo.session import Session
from stall.domain import shown
from stall.errors import Broken
from stall.wire import b64, keys, note

SENT_WITHIN_S = 30.0
#: The journal may grow by a noted delivery between two looks; then both ends are read again.
LOOKS = 4
CASH_GIVEN_MINOR = 1000
COMMAND_WITHIN_S = 30.0


@dataclass(frozen=True)
class Stage:
    """Everybody who takes part in the check."""

    session: Session
    buyer: Visitor
    maker: Visitor
    hand: Visitor
    cloud: Visitor
    found: Findings
    kept: Keepsakes


def check(
    data: Path | None, pack: Path | None, ports: Ports, out: Path | None, *, with_nginx: bool = False
) -> dict[str, object]:
    """Run the check and give the object. A fresh folder that goes away again is used without `data`.

    Raises what `session.started` and `Keepsakes.begin` raise; everything later is a failure in the object.
    """
    kept, found = Keepsakes(out), Findings()
    kept.begin()
    with contextlib.ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stall-demo-")))
        running = stack.enter_context(session.started(folder, pack, ports, with_nginx=with_nginx))
        at = running.at
        buyer, maker, hand, cloud = (
            stack.enter_context(Visitor(site)) for site in (at.buyers, at.till, at.terminal, at.cloud)
        )
        stage = Stage(running, buyer, maker, hand, cloud, found, kept)
        _check(stage)
    result = found.object()
    kept.document(OBJECT, result)
    return result


def tell(result: dict[str, object], *, as_json: bool) -> None:
    """Say how it went: one JSON object and nothing else, or a few words."""
    if as_json:
        click.echo(json.dumps(result))
        return
    failures: Any = result["failures"]
    for failure in failures:
        click.echo(shown.line(f"failed: {failure['check']}: {failure['sentence']}"))
    if not failures:
        click.echo(f"ok: sale {result['sale']}, number {result['edition']} of {result['drop']}, everything ties")


def _check(stage: Stage) -> None:
    found = stage.found
    with found.step("opening"):
        _open(stage)
    with found.step("sale"):
        sale, taken = _sell_by_card(stage)
        box = KeysFile.read(stage.buyer.download("/keys.json"))
        papers.check_files(found, taken)
        papers.prove(found, taken, box, stage.session.state.creator)
        _keep_papers(stage, taken)
        with found.step("cash"):
            _sell_for_cash(stage, taken)
        with found.step("books"):
            counter.end_day(stage.maker)
            _compare_books(stage, sale)


def _open(stage: Stage) -> None:
    """The maker signs in, confirms the clock at the till's own page, opens the drops, and waits for the card reader."""
    pin = stage.session.folder.pin
    opening.sign_in(stage.maker, pin)
    sure = opening.confirm_clock(stage.maker, pin, only_if_unsure=False)
    stage.found.check("clock", holds=sure, otherwise="The till does not show the clock as confirmed.")
    session.open_drops_once(stage.session, stage.maker)
    counter.wait_for_reader(stage.maker)


def _sell_by_card(stage: Stage) -> tuple[int, TakenHome]:
    found = stage.found
    counter.set_terminal(stage.hand, "approve")
    order, manifest = phone.order(stage.buyer)
    page = counter.find_basket(stage.maker, phone.code_of(order))
    sale = counter.sale_number(page)
    stage.maker.press(page, "Card")
    states = phone.wait_until_paid(stage.buyer, order)
    counter.wait_until_paid(stage.maker, sale)
    begun = phone.download_at_once(stage.buyer, order.address)
    taken = phone.take_home(stage.buyer, phone.open_download(stage.buyer, order.address), manifest)
    found.check(
        "download",
        holds=begun in {file.data for file in (*taken.files, taken.pack_zip) if file is not None},
        otherwise="The button of the paid order did not lead straight to what was bought.",
    )
    found.facts["drop"] = papers.trusted_manifest(taken).drop.id
    found.facts["manifest_sha256"] = hashlib.sha256(manifest.strip()).hexdigest()
    found.facts["sale"] = sale
    found.facts["order_page"] = states
    return sale, taken


def _sell_for_cash(stage: Stage, taken: TakenHome) -> None:
    """A second number for cash with change; its buyer comes by the claim code."""
    signed = papers.trusted_manifest(taken)
    price = next(each.minor for each in signed.price)
    given = max(CASH_GIVEN_MINOR, (price // 500 + 1) * 500)
    paid, change = counter.sell_for_cash(stage.maker, signed.drop.id, f"{given // 100}.{given % 100:02d}")
    back = f"{(given - price) // 100}.{(given - price) % 100:02d}"
    stage.found.check("cash", holds=back in change, otherwise=f"The till should hand back {back}, it says “{change}”.")
    grant = phone.claim_by_code(stage.buyer, paid.code)
    stage.found.check("cash", holds=grant.has("ul", "files"), otherwise="The claim code opened no download.")
    stage.found.facts["cash"] = {"sale": paid.sale, "given_minor": given, "change": change}


def _compare_books(stage: Stage, sale: int) -> None:
    here, there = _both_journals(stage)
    terminal = stage.hand.document("/ledger")
    report = _command("report", "reconcile", "--data", str(stage.session.folder.box), "--json")
    described = json.loads(report)
    states = here.states(sale)
    stage.found.facts["attempts"] = states
    passed = ["requested", "sent", "approved", "paid"]
    stage.found.check("attempts", holds=states == passed, otherwise=f"The payment went through {states}, not {passed}.")
    ledgers.check_journal(stage.found, here, there)
    ledgers.reconcile(stage.found, here, there, terminal, described)
    stage.kept.document("cloud-journal.json", there.journal)
    stage.kept.document("cloud-totals.json", there.totals)
    stage.kept.document("terminal-books.json", terminal)
    stage.kept.document("report.json", described)
    stage.kept.document("day-end.json", next(dict(f.body) for f in reversed(here.facts) if f.kind == "day_end"))
    stage.kept.keep("cosigned.txt", str(there.journal["cosigned"]).encode())
    cosigner = {"name": there.cosigner.name, "public": b64.encode(there.cosigner.public)}
    stage.kept.document("cloud-key.json", cosigner)


def _both_journals(stage: Stage) -> tuple[JournalExport, CloudBooks]:
    """The journal as the box exports it and as the cloud has it, once both are of one length."""
    for _ in range(LOOKS):
        wait_for(
            "the cloud to have and countersign everything", lambda: counter.everything_sent(stage.maker), SENT_WITHIN_S
        )
        lines = _command("journal", "export", "--data", str(stage.session.folder.box))
        here = JournalExport.read(lines)
        there = _cloud_books(stage, here)
        if there.journal["size"] == there.journal["cosigned_size"] == len(here.events):
            break
    stage.kept.keep("journal.jsonl", lines.encode())
    return here, there


def _cloud_books(stage: Stage, here: JournalExport) -> CloudBooks:
    """What the cloud tells the owner, who holds its token."""
    folder = stage.session.folder
    bearer = {"Authorization": f"Bearer {(folder.cloud / 'owner.token').read_text('ascii').strip()}"}
    base, of_epoch = f"/v1/boxes/{here.thumbprint}", f"epoch={here.epoch}"
    journal = stage.cloud.document(f"{base}/journal?{of_epoch}", **bearer)
    totals = stage.cloud.document(f"{base}/totals?{of_epoch}", **bearer)
    counted: Counter[str] = Counter()
    while (first := sum(counted.values())) < len(here.events):
        page: Any = stage.cloud.document(f"{base}/events?{of_epoch}&from={first}", **bearer)["events"]
        if not page:
            break
        counted.update(str(row["verdict"]) for row in page)
    return CloudBooks(journal, totals, counted, _cosigner(folder.box))


def _cosigner(box: Path) -> note.Verifier:
    """The cloud's key as the box's settings name it."""
    cloud = settings_file.load(box).cloud
    if cloud is None:
        raise Broken("demo-no-cloud", "The box's settings name no cloud. Remove the demo's folder and start again.")
    return note.Verifier(cloud.name, keys.check_public(b64.decode(cloud.public)), note.COSIGNATURE_KIND)


def _keep_papers(stage: Stage, taken: TakenHome) -> None:
    kept = stage.kept
    for file in taken.files:
        kept.keep(f"files/{file.path}", file.data)
    for archive in filter(None, (taken.pack_zip, taken.papers_zip)):
        kept.keep(archive.path, archive.data)
    if taken.resumed is not None:
        kept.keep("resumed.bin", taken.resumed.file.data)
    kept.keep("manifest.jws", taken.manifest)
    kept.keep("receipt.jws", taken.receipt)
    kept.keep("certificate.json", taken.certificate)
    kept.keep("keys.json", stage.buyer.download("/keys.json"))
    kept.keep("creator.did", stage.session.state.creator.encode() + b"\n")


def _command(*arguments: str) -> str:
    """Run a `stall` command as a person would; give its standard output. Raises Broken `demo-command-failed`.

    Exit code 1 with something to say is a report that does not tie: the object says so.
    """
    command = [sys.executable, "-P", "-m", "stall", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_WITHIN_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise Broken("demo-command-failed", f"`stall {' '.join(arguments[:2])}` did not come to an end.") from error
    if done.returncode != 0 and not done.stdout.strip():
        raise Broken("demo-command-failed", f"`stall {' '.join(arguments[:2])}` failed: {done.stderr.strip()[-200:]}")
    return done.stdout
