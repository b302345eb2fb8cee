"""The owner code of a sale on paper: drawn when the printer is ready for it, erased when it came out.

There is no square on it: whoever photographs one in passing would own the certificate, and it would be scanned for the one that opens
the download. No address either, and another heading. Folded at its line, the code lies inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stall.box.printer import words
from stall.box.printer.paper import Block, Cut, Document, Gap, Heading, Row, Rule, Text
from stall.errors import StallError
from stall.flows import name_owner, print_paper
from stall.store import claims, owner_slips, print_jobs
from stall.store.box import Box
from stall.store.claims import Bought
from stall.store.print_jobs import Job
from stall.wire import crockford, ownercode

_IN_LINE = 3
LATER = (
    "The printer stopped in the middle of the owner slip: {why} Part of it may have come out. Look at the paper: if it is not whole, show"
    " the code here and copy it."
)


def draw(box: Box, job: Job) -> bytes | None:
    """The code of a job that begins now, with the certificates signed for it; None where it is not to be printed any more.

    The code is kept until `erase`, before anything is signed for it: what names an owner names one who can know. Raises what
    `name_owner.sign_for` and `owner_slips.keep` raise, and then nothing is kept or signed.
    """
    sale = job.subject or 0
    signed = name_owner.owner_of(box.db.read(), sale)
    code = owner_slips.find(box.folder, signed)
    kept = code is not None
    code = code or ownercode.new()
    did = ownercode.key_of(code).did
    if not kept:
        owner_slips.keep(box.folder, did, code)
    begun = False
    try:
        with box.db.transaction() as tx:
            begun = print_paper.begin_owner_slip(tx, job, did, kept=kept)
    except StallError:
        _forget_unsigned(box, sale, did)
        raise
    if not begun:
        _forget_unsigned(box, sale, did)
    return code if begun else None


def erase(box: Box, code: bytes) -> None:
    """Forget a code that came out of the printer."""
    owner_slips.erase(box.folder, ownercode.key_of(code).did)


def tidy(box: Box) -> None:
    """Tell of slips whose program died in the middle, and forget codes that no paper waits for.

    A code is erased when its paper is out, so a slip that was begun and whose code is gone is out.
    """
    conn = box.db.read()
    for job in print_jobs.begun_of(conn, print_jobs.OWNER):
        if owner_slips.find(box.folder, name_owner.owner_of(conn, job.subject or 0)) is None:
            with box.db.transaction() as tx:
                print_paper.end(tx, job.no, print_jobs.DONE, "")
    wanted = [name_owner.owner_of(conn, sale) for sale in print_jobs.subjects_kept(conn, print_jobs.OWNER)]
    owner_slips.erase_others(box.folder, [did for did in wanted if did is not None])


def document(box: Box, job: Job, code: bytes) -> Document:
    """The slip: what the code is of and for, a line to fold at, and the code."""
    bought = claims.bought(box.db.read(), job.subject or 0)
    return (
        Heading("Owner code"),
        Text(box.settings.name, centred=True),
        Rule(),
        *_things(bought),
        Rule(),
        Text(
            f"This code makes you the owner that the {'certificate names' if len(bought) == 1 else 'certificates name'}."
            " Whoever knows it can prove that, and can pass it on. Keep it like cash: the stall keeps no copy of it and"
            " cannot show it again."
        ),
        Gap(),
        Text("It opens no download: that is the code with the square."),
        Gap(),
        Text("- - - fold, code inside - - -", centred=True),
        Gap(),
        *_large(code),
        Gap(),
        Text(
            "28 digits and letters, and no letter I, L, O or U among them. To use it, open verify.html among your papers."
        ),
        Rule(),
        Row("Box", box.secrets.signing.thumbprint[:12]),
        Text(words.date_time(box.now_ms() // 1000)),
        Cut(),
    )


def _large(code: bytes) -> Iterator[Block]:
    """The code in its groups of four, three in a line: as many as the narrow paper holds at this size."""
    groups = crockford.grouped(ownercode.encode(code)).split()
    for at in range(0, len(groups), _IN_LINE):
        yield Heading(" ".join(groups[at : at + _IN_LINE]))


def _things(bought: Sequence[Bought]) -> Iterator[Block]:
    """What was bought, each title once with all its numbers."""
    for title, edition in dict.fromkeys((item.title, item.edition) for item in bought):
        yield Text(title, bold=True, centred=True)
        numbers = [item.ed for item in bought if (item.title, item.edition) == (title, edition) and item.ed is not None]
        if numbers:
            yield Text(f"No. {', '.join(map(str, numbers))} of {edition}", centred=True)


def _forget_unsigned(box: Box, sale: int, did: str) -> None:
    """Forget a code that nothing was signed for."""
    if name_owner.owner_of(box.db.read(), sale) != did:
        owner_slips.erase(box.folder, did)
