"""Which libraries the buyers' side loads, by what was asked of it: `python -m tests.bench.loaded FOLDER`, in a process of its own.

Prints, for the start, for the way from the window to the file, and for every address there is, which of the libraries that belong
elsewhere were loaded by then.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

#: Never loaded in `stall web`, and what draws codes: only where one is drawn.
NEVER = ("PIL", "zeroconf", "apscheduler", "sqlite_utils", "fpdf")
DRAWS = "qrcode"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def loaded(*names: str) -> list[str]:
    """Those of the libraries that are loaded now."""
    return [name for name in names if name in sys.modules]


def way_to_the_file(client: FlaskClient, drop: str) -> dict[str, str]:
    """Window, item, take, order, claim, download; the names that stand in addresses then."""
    from stall.web import ids

    for path in ("/", f"/d/{drop}", "/catalog.json"):
        assert client.get(path).status_code == 200, path
    order = client.post(f"/d/{drop}/take", data={"press": ids.new_press()}).headers["Location"]
    for path in (order, f"{order}/state"):
        assert client.get(path).status_code == 200, path
    grant = client.post(f"{order}/claim", data={"press": ids.new_press()}).headers["Location"]
    page = client.get(grant)
    assert page.status_code == 200, grant
    client.get(f"{grant}/photo-00.jpg").close()
    return {"drop": drop, "name": order.rpartition("/")[2], "grant": grant.rpartition("/")[2]}


def every_address(app: Flask, client: FlaskClient, names: dict[str, str]) -> int:
    """Ask for every address of the app, with what we have for its parts; say how many answered with a page."""
    fine = 0
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()):
            continue
        known = {part: names.get(part, "0") for part in rule.arguments}
        with app.test_request_context():
            path = app.url_map.bind("127.0.0.1").build(rule.endpoint, known, force_external=False)
        answer = client.get(path)
        fine += answer.status_code == 200
        answer.close()
    return fine


def main(arguments: list[str]) -> int:
    """Look, and print it."""
    from stall import app as stall_app

    before = loaded(*NEVER, DRAWS)
    from stall.web import serve  # noqa: F401 - as `stall web` loads it
    from stall.web.factory import create_buyer_app, shop_of

    box = stall_app.open_box(Path(arguments[0]))
    app = create_buyer_app(box, watch=True, draws=True)
    told: dict[str, object] = {"before": before, "start": loaded(*NEVER, DRAWS)}
    client = app.test_client()
    names = way_to_the_file(client, arguments[1])
    told["sale"] = loaded(*NEVER, DRAWS)
    told["pages"] = every_address(app, client, names)
    told["all"] = loaded(*NEVER)
    from stall.web.till.app import create_till_app

    create_till_app(box).test_client().get("/")
    told["till"] = loaded(*NEVER)
    shop_of(app).stop()
    box.close()
    json.dump(told, sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
