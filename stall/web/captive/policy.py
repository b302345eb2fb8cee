"""What is answered: from what is asked, by whom, and how the box stands, to a reply. Pure; each row has a test.

Nobody is ever led to https, and nothing of ours is shown under another's name: a reply is a redirect to our own address, the
few bytes the vendor's server would send, or a refusal. Why each system is treated as it is: docs/captive.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from stall.web.captive.agents import Sheet, System
from stall.web.captive.probes import Kind, Probe

SHOP, SHEET_PAGE = "/", "/cna"
API_MEDIA = "application/captive+json"
_NO_STORE = ("Cache-Control", "no-store")
_REFUSAL = b"This name is not this stall's. Open the stall's own address.\n"
#: Systems that stay captive whatever a person pressed. Android asks over https as well: answered only here, it would think the
#: internet half broken and go back to mobile data. Kindle expects a page that we do not know.
_STAY_CAPTIVE = frozenset({Kind.ANDROID, Kind.KINDLE})


class Said(StrEnum):
    """What a reply says."""

    PORTAL = "portal"
    SUCCESS = "success"
    REFUSED = "refused"
    API = "api"


class Change(StrEnum):
    """What a reply makes of its client."""

    NOTHING = "nothing"
    #: A real browser is on its way to the shop: the sheet has done its work.
    RELEASED = "released"
    #: It was told that the internet is there.
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of who asks; `left_s` is how long a release still holds, in seconds."""

    system: System = System.UNKNOWN
    released: bool = False
    confirmed: bool = False
    left_s: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """How the box stands: its address (http, no path), whether the uplink lets probes through, its https address where it has a certificate."""

    address: str
    uplink: bool = False
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out, and what changes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    said: Said
    change: Change = Change.NOTHING


def answer(probe: Probe, client: Client, world: World) -> Reply:
    """Answer one request under a foreign name, or the question of RFC 8908."""
    if probe.kind is Kind.API:
        return _api(client, world)
    if probe.kind is Kind.OTHER:
        return _reply(405, _REFUSAL, Said.REFUSED, ("Content-Type", "text/plain"), ("Allow", "GET, HEAD"))
    if probe.success is not None and (world.uplink or (client.released and probe.kind not in _STAY_CAPTIVE)):
        known = probe.success
        media = ("Content-Type", known.media)
        return _reply(known.status, known.body, Said.SUCCESS, media, *known.headers, change=Change.CONFIRMED)
    to_sheet = probe.kind is Kind.APPLE or probe.sheet is Sheet.APPLE
    place = world.address + (SHEET_PAGE if to_sheet else SHOP)
    leaves = probe.kind is Kind.PAGE and probe.navigates and probe.sheet is None and probe.system is not System.ANDROID
    return _reply(302, b"", Said.PORTAL, ("Location", place), change=Change.RELEASED if leaves else Change.NOTHING)


def is_captive(client: Client, world: World) -> bool:
    """Whether a client counts as caught here: Android until the uplink lets its probes through, others until they are released."""
    return not world.uplink and (client.system is System.ANDROID or not client.released)


def _api(client: Client, world: World) -> Reply:
    """RFC 8908 clause 5. Its portal must be reached over TLS: so it is with a certificate, and else cannot be."""
    captive = is_captive(client, world)
    secure = _origin(world.certificate)
    said: dict[str, object] = {
        "captive": captive,
        "user-portal-url": (secure or world.address) + SHEET_PAGE,
        "venue-info-url": secure + SHEET_PAGE if secure else world.address + SHOP,
    }
    if not captive and not world.uplink:
        said |= {"seconds-remaining": client.left_s, "can-extend-session": True}
    return _reply(200, json.dumps(said).encode(), Said.API, ("Content-Type", API_MEDIA))


def _origin(address: str) -> str:
    """Scheme and host of the https address; nothing for none."""
    return f"https://{urlsplit(address).netloc}" if address else ""


def _reply(status: int, body: bytes, said: Said, *headers: tuple[str, str], change: Change = Change.NOTHING) -> Reply:
    if status == 204:  # noqa: PLR2004 - No Content: has neither a body nor its length (RFC 9110 clause 8.6)
        headers = tuple(header for header in headers if header[0] != "Content-Type")
    else:
        headers = (*headers, ("Content-Length", str(len(body))))
    return Reply(status, (*headers, _NO_STORE), body, said, change)
