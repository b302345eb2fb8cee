"""`stall owner`: a buyer's own key. Makes an owner code, tells its did, answers a challenge, checks an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stall.commands import say
from stall.commands.recovery import FILE, JSON

if TYPE_CHECKING:
    from stall.wire.keys import SigningKey
    from stall.wire.presentation import Shown

MOST_TEXT = 65_536
CODE = click.option("--code-file", type=FILE, help="The file with the owner code; you are asked if not given.")
CHALLENGE = click.option("--challenge", required=True, help="What was asked: 16 to 128 signs, new for each question.")


def _domain(_context: click.Context, _option: click.Parameter, text: str) -> str:
    """Take a domain in the one spelling that a signed answer has."""
    if text.isascii():
        return text
    try:
        plain = f", like {text.encode('idna').decode('ascii')}"
    except UnicodeError:
        plain = ""
    raise click.BadParameter(f"A domain is written in ASCII here{plain}. Both sides must write it alike.")


DOMAIN = click.option(
    "--domain", required=True, callback=_domain, help="Who asked, as they call themselves: a web site, a name."
)


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
        say.facts({"did": did})
        return
    say.lines(
        f"Wrote an owner code to {out}. Who knows it owns what is made for it: print it, and send it nowhere.",
        "Its did, to give to the stall:",
        did,
    )


@owner.command("did")
@CODE
@JSON
def did(code_file: Path | None, as_json: bool) -> None:
    """Tell the did that an owner code makes."""
    found = _key(code_file).did
    if as_json:
        say.facts({"did": found})
        return
    say.line(found)


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
    document = _certificate(certificate)
    answer = presentation.prove(_key(code_file), document, challenge, domain, _now_s(), next_owner)
    with disk.whole_file(out) as file:
        file.write(json.dumps(answer, ensure_ascii=False, indent=1).encode() + b"\n")
    if next_owner is None:
        say.line(f"Wrote the answer to {out}. It is good for five minutes, and for {domain} only.")
    else:  # a creator takes it for a week (stall certificate pass-on --max-age)
        say.line(
            f"Wrote the answer to {out}, for {domain} only. It asks the creator to pass the certificate on; nothing has changed hands yet."
        )


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

    shown = presentation.verify(_answer(answer), challenge, domain, _now_s(), max_age_s)
    facts = _facts(shown)
    if as_json:
        say.facts(facts)
        return
    say.lines(*_words(shown, facts))


def _facts(shown: Shown) -> dict[str, Any]:
    from stall.wire import grade

    held = shown.certificate
    graded = grade.judge(held, grade.Known())
    found = {
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


def _certificate(path: Path) -> dict[str, Any]:
    """The certificate in a file, or the one in the ZIP of papers a buyer has; refused if it is nobody's to prove."""
    from stall.domain import shown
    from stall.errors import Refused
    from stall.wire import credential

    data = _read(path)
    document = _in_zip(path) if _is_zip(data) else _document(path, data)
    if "credentialSubject" in document and credential.verify(document).owner is None:
        raise Refused(
            "owner-none",
            f"The certificate in {shown.quoted(str(path))} names no owner, so nobody can prove to be it: whoever has it, has"
            " it. An owner is named when it is sold, by the did from `stall owner did`.",
        )
    return document


def _in_zip(path: Path) -> dict[str, Any]:
    """The one certificate in a ZIP of papers."""
    from stall.creator import zips
    from stall.domain import shown
    from stall.errors import Refused, StallError
    from stall.wire import strict_json

    found: dict[str, dict[str, Any]] = {}
    for inside, data in zips.read(path, path.name):
        try:
            document = strict_json.loads((data or b"").strip())
        except StallError:
            continue
        if isinstance(document, dict) and "credentialSubject" in document:
            found[inside] = document
    if len(found) == 1:
        return next(iter(found.values()))
    named = ", ".join(map(shown.quoted, found))
    raise Refused(
        "owner-which-certificate",
        f"{shown.quoted(str(path))} holds {f'several certificates: {named}' if found else 'no certificate'}. Unpack it, and"
        " give the one to prove.",
    )


def _answer(path: Path) -> dict[str, Any]:
    from stall.domain import shown
    from stall.errors import Refused

    data = _read(path)
    if _is_zip(data):
        raise Refused(
            "owner-not-a-paper",
            f"{shown.quoted(str(path))} is a ZIP, and an answer is one file of text. Give what `stall owner prove` wrote;"
            " a ZIP of papers is for `stall verify`.",
        )
    return _document(path, data)


def _is_zip(data: bytes) -> bool:
    from stall.creator import zips

    return data.startswith(zips.MARK)


def _document(path: Path, data: bytes) -> dict[str, Any]:
    from stall.domain import shown
    from stall.errors import Refused
    from stall.wire import strict_json

    found = strict_json.loads(data.strip())
    if not isinstance(found, dict):
        raise Refused(
            "owner-not-a-paper",
            f"{shown.quoted(str(path))} is no certificate and no answer. Give the file as it was saved.",
        )
    return found


def _read(path: Path) -> bytes:
    """What a small file holds; of a large one so much that it is refused for its length."""
    from stall.commands import files

    return files.read(path, MOST_TEXT)


def _now_s() -> int:
    from stall.clock import SystemClock

    return SystemClock().wall_ms() // 1000
