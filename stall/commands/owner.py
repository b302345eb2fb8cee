"""`stall owner`: a buyer's own key. Makes an owner code, tells its did, answers a challenge, checks an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stall.commands.recovery import FILE, JSON

if TYPE_CHECKING:
    from stall.wire.keys import SigningKey
    from stall.wire.presentation import Shown

MOST_TEXT = 65_536
CODE = click.option("--code-file", type=FILE, help="The file with the owner code; you are asked if not given.")
CHALLENGE = click.option("--challenge", required=True, help="What was asked: 16 to 128 signs, new for each question.")
DOMAIN = click.option("--domain", required=True, help="Who asked, as they call themselves: a web site, a name.")


@click.group()
def owner() -> None:
    """Own a certificate: make its key from a code on paper, and prove that you hold it."""


@owner.command("new")
@click.option("--out", type=FILE, required=True, help="File to write the code to; only you may read it.")
@JSON
def new(out: Path, as_json: bool) -> None:
    """Make an owner code and tell its did, for the stall to put on a certificate."""
    from stall import disk
    from stall.creator import handover
    from stall.wire import crockford, ownercode

    handover.check_free(out)
    code = ownercode.new()
    with disk.whole_file(out, 0o600) as file:
        file.write(crockford.grouped(ownercode.encode(code)).encode("ascii") + b"\n")
    did = ownercode.key_of(code).did
    if as_json:
        click.echo(json.dumps({"did": did}))
        return
    click.echo(f"Wrote an owner code to {out}. Who knows it owns what is made for it: print it, and send it nowhere.")
    click.echo(f"Its did, to give to the stall:\n{did}")


@owner.command("did")
@CODE
@JSON
def did(code_file: Path | None, as_json: bool) -> None:
    """Tell the did that an owner code makes."""
    found = _key(code_file).did
    click.echo(json.dumps({"did": found}) if as_json else found)


@owner.command("prove")
@click.argument("certificate", type=FILE)
@CHALLENGE
@DOMAIN
@CODE
@click.option("--to", "next_owner", help="The did of a next owner: ask the creator to pass the certificate on.")
@click.option("--out", type=FILE, required=True, help="File to write the answer to.")
def prove(
    *, certificate: Path, challenge: str, domain: str, code_file: Path | None, next_owner: str | None, out: Path
) -> None:
    """Answer a challenge: that you hold the owner code of CERTIFICATE, without telling it."""
    from stall import disk
    from stall.creator import handover
    from stall.wire import presentation

    handover.check_free(out)
    document = _document(certificate)
    answer = presentation.prove(_key(code_file), document, challenge, domain, _now_s(), next_owner)
    with disk.whole_file(out) as file:
        file.write(json.dumps(answer, ensure_ascii=False, indent=1).encode() + b"\n")
    wish = (
        "" if next_owner is None else " It asks the creator to pass the certificate on; nothing has changed hands yet."
    )
    click.echo(f"Wrote the answer to {out}. It is good for five minutes, and for {domain} only.{wish}")


@owner.command("check")
@click.argument("answer", type=FILE)
@CHALLENGE
@DOMAIN
@click.option(
    "--max-age",
    "max_age_s",
    type=click.IntRange(1, 10**6),
    default=300,
    show_default=True,
    help="How old it may be, in seconds.",
)
@JSON
def check(*, answer: Path, challenge: str, domain: str, max_age_s: int, as_json: bool) -> None:
    """Check an ANSWER to your own challenge: that its sender holds the certificate in it."""
    from stall.wire import presentation

    shown = presentation.verify(_document(answer), challenge, domain, _now_s(), max_age_s)
    facts = _facts(shown)
    click.echo(json.dumps(facts) if as_json else "\n".join(_words(shown, facts)))


def _facts(shown: Shown) -> dict[str, Any]:
    from stall.wire import grade

    held = shown.certificate
    graded = grade.judge(held, grade.Known())
    found = {
        "ok": True,
        "holder": shown.holder,
        "creator": held.creator,
        "drop": held.drop,
        "edition": held.edition,
        "edition_size": held.edition_size,
        "name": held.name,
        "grade": graded.grade.value,
        "reasons": [reason.code for reason in graded.reasons],
        "says": [reason.sentence for reason in graded.reasons],
        "transfer_to": shown.transfer_to,
    }
    return {name: value for name, value in found.items() if value is not None}


def _words(shown: Shown, facts: dict[str, Any]) -> list[str]:
    says = [
        f"Whoever answered holds the certificate “{shown.certificate.name}”.",
        f"Its creator: {shown.certificate.creator}",
        f"By itself it is {facts['grade']}: {' '.join(facts['says'])}",
        "Whether it was taken back, other papers tell: stall verify",
    ]
    wish = f"Its owner asks the creator to pass it on to {shown.transfer_to}."
    return says if shown.transfer_to is None else [*says, wish]


def _key(code_file: Path | None) -> SigningKey:
    """The owner's key, by the code in a file or as a person types it."""
    from stall.wire import ownercode

    typed = (
        click.prompt("Owner code", hide_input=True)
        if code_file is None
        else _read(code_file).decode("utf-8", "replace")
    )
    return ownercode.key_of(ownercode.decode(typed))


def _document(path: Path) -> dict[str, Any]:
    from stall.errors import Refused
    from stall.wire import strict_json

    found = strict_json.loads(_read(path).strip())
    if not isinstance(found, dict):
        raise Refused("owner-not-a-paper", f"“{path}” is no certificate and no answer. Give the file as it was saved.")
    return found


def _read(path: Path) -> bytes:
    """What a small file holds; of a large one so much that it is refused for its length."""
    with path.open("rb") as file:
        return file.read(MOST_TEXT)


def _now_s() -> int:
    from stall.clock import SystemClock

    return SystemClock().wall_ms() // 1000
