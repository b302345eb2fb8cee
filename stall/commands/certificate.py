"""`stall certificate`: the creator passes a certificate on to a next owner, and revokes what counts no more."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import say
from stall.commands.close import CREATOR, JSON, PACK
from stall.commands.owner import DOMAIN
from stall.commands.signing import PASSPHRASE

if TYPE_CHECKING:
    from stall.creator.keyring import Creator
    from stall.wire.manifest import Manifest, Revoked

_OUT = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write.")
_DAY_S = 86_400


@click.group()
def certificate() -> None:
    """Pass certificates on to a next owner, and revoke those that count no more."""


@certificate.command("ask")
@CREATOR
@DOMAIN
@JSON
def ask(folder: Path, domain: str, as_json: bool) -> None:
    """Draw a challenge for an owner who wants to pass a certificate on."""
    from stall.clock import SystemClock
    from stall.creator import keyring, passing

    keyring.show(folder)
    challenge = passing.ask(folder, domain, now_s=SystemClock().wall_ms() // 1000)
    if as_json:
        say.facts({"challenge": challenge, "domain": domain})
        return
    say.lines(
        "Send this to the owner. It is good for seven days, and for one certificate:", challenge, "They answer with:"
    )
    say.line(
        f"  stall owner prove CERTIFICATE --challenge {challenge} --domain {shlex.quote(domain)} --to NEXT-DID --out answer.json"
    )


@certificate.command("pass-on")
@click.argument("answer", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("papers", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@CREATOR
@PACK
@_OUT
@click.option(
    "--max-age",
    "days",
    type=click.IntRange(1, 30),
    default=7,
    show_default=True,
    help="How old the answer may be, in days.",
)
@PASSPHRASE
@JSON
def pass_on(
    *,
    answer: Path,
    papers: tuple[Path, ...],
    folder: Path,
    pack_file: Path,
    out: Path,
    days: int,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Sign the certificate in an owner's ANSWER anew for the next owner it names.

    PAPERS may show that it counts no more: journals, declines, and of a closed drop its closing statement. The certificate before
    is revoked by the next version of the drop, which `stall certificate revoke` signs.
    """
    import json

    from stall import disk
    from stall.clock import SystemClock
    from stall.commands import signing
    from stall.commands.close import papers_in
    from stall.creator import handover, passing
    from stall.creator.papers import Paper
    from stall.errors import Refused
    from stall.store import packfile

    handover.check_free(out)
    creator = signing.opened(folder, passphrase_file)
    read = papers_in([answer])
    content = read[0].content if len(read) == 1 and isinstance(read[0], Paper) else None
    if not isinstance(content, dict) or "verifiableCredential" not in content:
        raise Refused(
            "pass-no-answer", f"“{answer.name}” is no answer of an owner. Give what `stall owner prove --to` wrote."
        )
    with packfile.open_pack(pack_file, creator_did=creator.did) as opened:
        token = opened.manifest_token
    passed = passing.pass_on(
        creator, token, content, papers_in(papers), now_s=SystemClock().wall_ms() // 1000, max_age_s=days * _DAY_S
    )
    with disk.whole_file(out) as file:
        file.write(json.dumps(passed.document, ensure_ascii=False, indent=1).encode() + b"\n")
    if as_json:
        say.facts({"file": str(out), "old": passed.old, "new": passed.new})
        return
    say.lines(
        f"Wrote {out}: “{passed.document['name']}” belongs to the next owner now.",
        "Whoever is shown the certificate before cannot know that yet. Revoke it with the drop's next version:",
        f"  stall certificate revoke --creator {shlex.quote(str(folder))} --pack {shlex.quote(str(pack_file))} --out NEXT.stallpack",
    )


@certificate.command("revoke")
@click.argument("given", nargs=-1, metavar="[CERTIFICATE|NAME|JOURNAL]...")
@CREATOR
@PACK
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The pack to write.")
@PASSPHRASE
@JSON
def revoke(
    *, given: tuple[str, ...], folder: Path, pack_file: Path, out: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    """Sign the next version of a drop: the same files, and more certificates that count no more.

    Those passed on are among them by themselves; of an exported journal all that were taken back or that the bank refused. Also for
    a drop that is closed.
    """
    from stall.clock import SystemClock
    from stall.commands import signing
    from stall.creator import chains, handover, revoking
    from stall.store import packfile

    handover.check_free(out)
    creator = signing.opened(folder, passphrase_file)
    now_s = SystemClock().wall_ms() // 1000
    with packfile.open_pack(pack_file, creator_did=creator.did) as opened:
        named = _named(given, creator, opened.manifest, now_s)
        new = revoking.next_version(creator, opened.manifest_token, opened.arriving(), out, named, now_s=now_s)
    count = sum(one.kind == "cert" for one in new.revoked)
    if as_json:
        say.facts({"file": str(out), "drop": new.drop.id, "ver": new.ver, "certificates": count})
        return
    say.line(
        f"Wrote {out}: version {new.ver} of “{new.drop.title}”, which revokes {chains.counted(count, 'certificate')} in all. Import it on every box."
    )


def _named(given: tuple[str, ...], creator: Creator, old: Manifest, now_s: int) -> list[Revoked]:
    """What is named: certificates by file or name, and those that journals show to be taken back."""
    from stall.commands.close import papers_in
    from stall.creator import closings, papers, revocations, revoking

    found: list[Revoked] = []
    journals = []
    for text in given:
        read = papers_in([Path(text)]) if _is_journal(Path(text)) else []
        journals += [one for one in read if isinstance(one.content, papers.Export)]
        if not read:
            found.append(revocations.read(creator, "cert", text, now_s))
    told = closings.told_by(creator, journals, old.drop.id)
    return [*found, *(one for one in revoking.taken_back(told, old, now_s) if one not in found)]


def _is_journal(path: Path) -> bool:
    from stall.commands import files
    from stall.creator import journals, papers

    return path.is_file() and papers.is_export(files.read(path, journals.MOST_LINE_BYTES))
