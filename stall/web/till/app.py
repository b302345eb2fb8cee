"""The till's app: the maker's phone or tablet, on loopback only. `stall.web.serve` runs it on a socket of its own."""

from __future__ import annotations

import re

from flask import Flask, render_template, send_file
from werkzeug.wrappers import Response

from stall.clock import Source
from stall.errors import StallError
from stall.store import floor, print_jobs
from stall.store.box import Box
from stall.web import error_pages, guard, ids
from stall.web.captive.portal import Portal
from stall.web.factory import new_app
from stall.web.till import gate, screen, signed
from stall.web.till.amend import amend
from stall.web.till.at_risk import risk
from stall.web.till.back import back
from stall.web.till.banner import flags
from stall.web.till.box import keep_box, this_box
from stall.web.till.day import day
from stall.web.till.devices import devices
from stall.web.till.enrol import enrol
from stall.web.till.last import last
from stall.web.till.machine import machine
from stall.web.till.owed import owed
from stall.web.till.owner import owner
from stall.web.till.pay import pay
from stall.web.till.people import people
from stall.web.till.pin import Asked, asked_for
from stall.web.till.printing import printing
from stall.web.till.products import shelf
from stall.web.till.reports import reports
from stall.web.till.returning import returning
from stall.web.till.sell import lists_version, sell
from stall.web.till.shift import shift
from stall.web.till.sign_in import pages as sign_in
from stall.web.till.today import today
from stall.web.till.trail import trail
from stall.web.till.wifi import keep_portal, wifi
from stall.web.till.witness import witness

_COVER = re.compile(r"[0-9a-f]{64}", re.ASCII)
_YEAR_S = 365 * 24 * 3600


def create_till_app(box: Box, *, remote: bool = False, portal: Portal | None = None) -> Flask:
    """The app the maker sells with. It refuses whoever is not on this machine; `remote` makes the one behind nginx and TLS,

    which refuses whoever has no enrolled device. `portal` is the buyers' app's, which knows how far each phone on the Wi-Fi got.
    """
    app = new_app("stall.web.till.app", box)
    app.config["REMOTE"] = remote
    keep_box(app, box)
    keep_portal(app, portal)
    app.before_request(guard.page_has_form)  # every page of the till has one, that of a refusal too
    guard.protect(app, guard.remote_till_rules(box.settings) if remote else guard.till_rules())
    gate.close(app)
    error_pages.register(app, _trouble_page)
    every = (
        enrol,
        sign_in,
        people,
        devices,
        trail,
        sell,
        last,
        amend,
        pay,
        back,
        returning,
        owed,
        owner,
        day,
        today,
        risk,
        shift,
        reports,
        shelf,
        printing,
        machine,
        wifi,
        witness,
        screen.pages,
    )
    for pages in every:
        app.register_blueprint(pages)
    app.add_url_rule("/state", view_func=state)
    app.add_url_rule("/cover/<sha256>.jpg", view_func=cover)
    app.jinja_env.globals.update(scheme=screen.scheme, here=screen.here)
    app.jinja_env.globals["flags"] = lambda: flags(box)
    app.jinja_env.globals.update(may=signed.may, signed_in=_signed_in, pin_asked=_pin_asked)
    app.jinja_env.globals["printer_there"] = lambda: print_jobs.printer(box.db.read()) is not None
    app.jinja_env.globals["clock_unsure"] = lambda: _clock_unsure(box)
    app.jinja_env.globals["thumbprint"] = box.secrets.signing.thumbprint
    return app


def state() -> dict[str, object]:
    """Say what the banner says, and whether the lists of the first page changed."""
    said = [{"name": f.name, "shape": f.shape, "words": f.words} for f in flags(this_box())]
    return {"flags": said, "lists": lists_version()}


def cover(sha256: str) -> Response:
    """A drop's picture, named by its content, so that it may be kept for ever."""
    path = this_box().folder / "covers" / f"{sha256}.jpg"
    if _COVER.fullmatch(sha256) is None or not path.is_file():
        raise ids.unknown_page()
    return send_file(path, mimetype="image/jpeg", max_age=_YEAR_S)


def _signed_in() -> str:
    """The name of whoever is signed in and has not locked the screen; empty where nobody is."""
    own = signed.session()
    return own.person.name if own is not None and signed.may("signed") else ""


def _clock_unsure(box: Box) -> bool:
    return floor.moment(box.db.read(), box.clock).source is Source.FLOOR


def _pin_asked(right: str) -> Asked:
    return asked_for(this_box(), right)


def _trouble_page(error: StallError, status: int) -> str:
    return render_template("till/trouble.html", error=error, status=status)
