"""Who is signed in at the page that is being answered, and on which device. Reads only what the gate found out."""

from __future__ import annotations

from flask import current_app, g, has_request_context, request

from stall.domain.rights import Right, has
from stall.store.acting import Actor
from stall.store.devices import Device
from stall.store.sessions import Session

#: The cookie of an enrolled device; browsers take the prefix from https only, and never for a parent's name.
DEVICE_COOKIE = "__Host-stall-device"
#: Looking changes nothing, so nobody acts; and a page's script that shows what it kept is nobody either.
_NOBODY_ACTS = frozenset({"till_witness.exchange"})


def is_remote() -> bool:
    """Whether this app answers other machines, over TLS; else only the box itself."""
    return bool(current_app.config.get("REMOTE"))


def session_cookie() -> str:
    """The name of the cookie that holds a session's token."""
    return "__Host-stall" if is_remote() else "stall"


def session() -> Session | None:
    """The session of this request, locked or not."""
    found: Session | None = g.get("session")
    return found


def device() -> Device | None:
    """The enrolled device this request comes from; None on the box itself."""
    found: Device | None = g.get("device")
    return found


def device_no() -> int | None:
    """Its number."""
    found = device()
    return None if found is None else found.no


def may(right: str) -> bool:
    """Whether whoever is signed in has a right, by its name."""
    found = session()
    return found is not None and not g.get("locked", False) and has(found.person.role, Right(right))


def actor() -> Actor | None:
    """Who acts by this request."""
    if not has_request_context() or request.method == "GET" or request.endpoint in _NOBODY_ACTS:
        return None
    found = session()
    return None if found is None else Actor(found.person.no, found.device, g.get("allowed"))
