"""The page of the Wi-Fi: whether it works, who got how far, and both codes to hold out. Looks, and changes nothing."""

from __future__ import annotations

from flask import Blueprint, Flask, current_app, render_template

from stall.web.captive.clients import Seen
from stall.web.captive.portal import Portal
from stall.web.till.box import this_box

wifi = Blueprint("till_wifi", __name__)
_KEY = "stall.portal"


def keep_portal(app: Flask, portal: Portal | None) -> None:
    """Give an app the portal of the buyers' app beside it."""
    app.extensions[_KEY] = portal


@wifi.get("/wifi")
def page() -> str:
    """Show it as it is now."""
    from stall import runtime  # noqa: PLC0415 - seldom looked at, and nothing of it is needed to sell
    from stall.web import qr  # noqa: PLC0415 - the same
    from stall.web.till import wifi_words  # noqa: PLC0415 - the same
    from stall.wire import wifi_qr  # noqa: PLC0415 - the same

    settings = this_box().settings
    portal: Portal | None = current_app.extensions[_KEY]
    told = runtime.told("wifi")
    phones = wifi_words.phones_in(told, lambda address: Seen() if portal is None else portal.clients.seen(address))
    own, address = settings.wifi, settings.web.address.rstrip("/")
    return render_template(
        "till/wifi.html",
        appliance=runtime.folder() is not None,
        told=bool(told),
        findings=wifi_words.findings(told, phones, settings) if told else [],
        steps=wifi_words.steps(phones),
        phones=wifi_words.shown(phones),
        uplink=wifi_words.uplink(runtime.told("uplink"), settings),
        wifi=own,
        join=qr.svg(wifi_qr.text(own.name, own.password), "M", "Code to join the Wi-Fi") if own.name else None,
        open=qr.svg(f"{address}/".upper(), "M", "Code that opens the shop"),
        address=address.removeprefix("http://"),
    )
