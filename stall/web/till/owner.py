"""The owner code of a sale: on the till's screen for some minutes, or on a slip of paper. Kept nowhere once it was seen or printed."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from stall.errors import Refused, StallError
from stall.flows import name_owner, print_paper
from stall.store import owner_slips, presses, print_jobs, sales
from stall.store.db import Tx
from stall.web import ids
from stall.web.error_pages import status_of
from stall.web.till.box import SALE, this_box
from stall.web.till.owner_state import is_kept
from stall.web.till.sale_page import page
from stall.wire import ownercode

owner = Blueprint("till_owner", __name__)

Answer = Response | str | tuple[str, int]

NOT_WANTED = "Nobody wanted the owner slip any more, so no owner code was drawn."


@owner.post(f"/sale/<int(min=1, max={SALE}):no>/owner")
def draw(no: int) -> Answer:
    """Draw the code and show it, to be copied. The same press shows the same code for some minutes."""
    box = this_box()
    try:
        press = ids.read_press(request.form.get("press", ""))
        code = box.write("payment", lambda tx: name_owner.name_owner(tx, no, press))
    except StallError as trouble:
        return _page(no, None, trouble), status_of(trouble)
    return _page(no, code, press=request.form["press"])


@owner.post(f"/sale/<int(min=1, max={SALE}):no>/owner/print")
def paper(no: int) -> Answer:
    """Ask for the slip: for the code the screen shows by this press, else for one that is drawn when it is printed."""
    box = this_box()
    shown, keeps = None, False
    before = is_kept(box, box.db.read(), no)
    try:
        press = ids.read_press(request.form.get("press", ""))
        if presses.seen(box.db.read(), presses.bind("owner", no, press)) is not None:
            shown = box.write("payment", lambda tx: name_owner.shown_again(tx, no, press))
            if print_jobs.printer(box.db.read()) is not None:  # else it is refused, and nothing waits for it
                owner_slips.keep(box.folder, ownercode.key_of(shown).did, shown)
                keeps = True
        kept = shown is not None or is_kept(box, box.db.read(), no)
        box.write("payment", lambda tx: print_paper.ask_owner_slip(tx, no, press, kept=kept))
    except StallError as trouble:
        if shown is not None:
            return _page(no, shown, trouble, press=request.form["press"]), status_of(trouble)
        return page(no, trouble), status_of(trouble)
    finally:
        if shown is not None and keeps:
            _forget_unless_waited_for(no, shown, before=before)
    return redirect(url_for("till_pay.sale", no=no), 303)


@owner.post(f"/sale/<int(min=1, max={SALE}):no>/owner/kept")
def kept(no: int) -> Answer:
    """Show the code of a slip that may not be whole, as long as it is kept."""
    box = this_box()
    code = owner_slips.find(box.folder, name_owner.owner_of(box.db.read(), no))
    if code is None:
        gone = Refused("owner-shown", "The owner code of this sale is kept no longer, so it cannot be shown again.")
        return page(no, gone), status_of(gone)
    return _page(no, code, keeps=True)


@owner.post(f"/sale/<int(min=1, max={SALE}):no>/owner/done")
def done(no: int) -> Answer:
    """Forget the code of a slip: it is whole, or was copied. One that waits is not printed, and no code drawn for it."""
    box = this_box()

    def work(tx: Tx) -> None:
        sales.get(tx.conn, no)
        print_paper.drop_owner_slip(tx, no, NOT_WANTED)

    try:
        box.write("payment", work)
        owner_slips.erase(box.folder, name_owner.owner_of(box.db.read(), no))
    except StallError as trouble:
        return page(no, trouble), status_of(trouble)
    return redirect(url_for("till_pay.sale", no=no), 303)


def _forget_unless_waited_for(no: int, code: bytes, *, before: bool) -> None:
    """Forget a code that a press kept, where no slip waits for it: it came out already, or was forgotten and is not printed again.

    `before`: it was kept before that press, for a slip that may not be whole.
    """
    box = this_box()
    job = print_jobs.newest_of(box.db.read(), print_jobs.OWNER, no)
    waits = job is not None and job.state in {print_jobs.ASKED, print_jobs.BEGUN}
    broken = job is not None and job.state in {print_jobs.FAILED, print_jobs.UNCLEAR}
    if not waits and not (before and broken):
        owner_slips.erase(box.folder, ownercode.key_of(code).did)


def _page(
    no: int, code: bytes | None, trouble: StallError | None = None, *, press: str | None = None, keeps: bool = False
) -> str:
    """The page of a code; `press` asks for it on paper, `keeps` offers to forget it."""
    box = this_box()
    conn = box.db.read()
    return render_template(
        "till/owner.html",
        sale=sales.find(conn, no),
        lines=sales.lines(conn, no),
        code=None if code is None else ownercode.encode(code),
        key=press,
        keeps=keeps,
        stays_s=name_owner.SHOWN_MS // 1000,
        until_ms=box.now_ms() + name_owner.SHOWN_MS,
        trouble=trouble,
    )
