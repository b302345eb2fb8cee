"""A phone's own programs, and the maker's hands: `python -m tests.phone.hands` in a namespace does as it is told, a line of JSON each.

Nothing of ours is used to ask: a phone that looks for the internet, and its download manager, are ordinary clients.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import sys
from collections.abc import Callable
from typing import Any

#: What is answered as text, at most.
_TEXT = 200_000
_CHUNK = 16 * 1024
_PATIENCE_S = 20.0


def get(asked: dict[str, Any]) -> dict[str, Any]:
    """Ask for `path` at the box under the name `host`, from the address `me`; with `keep` the body is kept in that file, after what it has.

    With `until` stop after so many bytes, say so, wait for a line, then read on until nothing comes for a second.
    """
    box, port = asked.get("box", "192.0.2.1"), asked.get("port", 80)
    me = (asked["me"], 0) if "me" in asked else None
    conn = http.client.HTTPConnection(box, port, timeout=_PATIENCE_S, source_address=me)
    headers = {"Host": asked.get("host", box), **asked.get("headers", {})}
    conn.request(asked.get("method", "GET"), asked["path"], asked.get("body"), headers)
    answer = conn.getresponse()
    body = _read(answer, conn, asked)
    if "keep" in asked:
        with open(asked["keep"], "ab") as file:  # noqa: PTH123 - one call of the ordinary kind
            file.write(body)
    conn.close()
    told = {name.lower(): value for name, value in answer.getheaders()}
    text = (
        body[:_TEXT].decode("utf-8", "replace")
        if told.get("content-type", "").startswith(("text/", "application/j", "application/captive"))
        else ""
    )
    return {
        "status": answer.status,
        "headers": told,
        "text": text,
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }


def _read(answer: http.client.HTTPResponse, conn: http.client.HTTPConnection, asked: dict[str, Any]) -> bytes:
    until = asked.get("until")
    if until is None:
        return answer.read()
    body = bytearray()
    while len(body) < until and (more := answer.read1(_CHUNK)):
        body += more
    say({"reached": len(body)})
    sys.stdin.readline()
    if conn.sock is not None:
        conn.sock.settimeout(1)
    try:
        while more := answer.read1(_CHUNK):
            body += more
    except OSError:  # nobody is there any more
        pass
    return bytes(body)


def sell(asked: dict[str, Any]) -> dict[str, Any]:
    """At the till, which only this namespace's loopback reaches: find the basket by its code, and take its money."""
    from stall.demo.journey import counter
    from stall.demo.journey.visitor import Visitor
    from stall.demo.opening import sign_in

    with Visitor(f"http://127.0.0.1:{asked['till']}") as maker:
        sign_in(maker, asked["pin"])
        if asked["tender"] == "card":
            counter.wait_for_reader(maker)
        page = counter.find_basket(maker, asked["code"])
        sale = counter.sale_number(page)
        if asked["tender"] == "card":
            maker.press(page, "Card")
            counter.wait_until_paid(maker, sale)
        else:
            maker.press(page, "Take", given="20")
        return {"code": counter.paid(maker, sale).code}


def sell_item(asked: dict[str, Any]) -> dict[str, Any]:
    """At the till: sell a drop for cash."""
    from stall.demo.journey import counter
    from stall.demo.journey.visitor import Visitor
    from stall.demo.opening import sign_in

    with Visitor(f"http://127.0.0.1:{asked['till']}") as maker:
        sign_in(maker, asked["pin"])
        return {"code": counter.sell_for_cash(maker, asked["drop"], "20")[0].code}


def say(told: dict[str, Any]) -> None:
    """Answer with one line."""
    print(json.dumps(told), flush=True)  # noqa: T201 - it is how it is talked to


def main(more: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] | None = None) -> None:
    """Do what each line asks; `more` is what else can be done."""
    known = {"get": get, "sell": sell, "sell_item": sell_item, **(more or {})}
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            say(known[asked.pop("do")](asked))
        except Exception as fault:  # noqa: BLE001 - whoever asked is told what went wrong
            say({"fault": f"{type(fault).__name__}: {fault}"})


if __name__ == "__main__":
    main()
