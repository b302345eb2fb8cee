"""The bytes: a file under a grant, and the signed links to it that nginx hands to us because it cannot answer them alone."""

from __future__ import annotations

import re

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from stall.errors import Retry
from stall.flows.claim import check_not_going_back
from stall.flows.record_transfer import check_download
from stall.web import files, granted, ids
from stall.web.buyer import papers
from stall.web.buyer.shop import Shop
from stall.web.files import Asked

#: What nginx says of a request for a file when its phone has as many of them open as one may.
BUSY = "X-Stall-Busy"
#: What the ZIP of a buyer's papers may be called (`granted.papers_name`).
_PAPERS = re.compile(r"papers[0-9]*\.zip")


def pages(shop: Shop) -> Blueprint:
    """The routes of files. A link was signed for whoever has the grant, which is looked at again."""
    routes = Blueprint("downloads", __name__)
    box, links = shop.box, shop.links

    @routes.get("/g/<grant>/<path:name>")
    def download(grant: str, name: str) -> AnyResponse:
        found, _ = granted.live_grant(box, grant)
        check_not_going_back(box.db.read(), found.sale)
        if _PAPERS.fullmatch(name) and name == granted.papers_name(granted.listing(box.db.read(), found)):
            return papers.papers_zip(shop, found)
        wanted = granted.one(box.db.read(), found, name)
        check_download(wanted.taken, wanted.allowed)
        asked = Asked(grant, found.no, name, wanted.file)
        if not shop.behind_nginx:
            return files.send(box.folder, wanted.file, found.no, shop.transfers.report)
        linked = files.link(asked, links, box.clock.wall_ms() // 1000)
        return linked or files.hand_back(box.folder, asked, shop.transfers.report)

    @routes.get("/f/<grant>/<sha256>/<path:name>")
    def signed_link(grant: str, sha256: str, name: str) -> AnyResponse:
        if not links.good(grant, sha256, name, request.args.get("e", ""), request.args.get("s", "")):
            raise ids.unknown_page()
        if BUSY in request.headers:
            raise Retry(
                "too-many-downloads",
                "This phone is downloading many files at once. Wait until one of them is done, then go on.",
                5.0,
            )
        found, _ = granted.live_grant(box, grant)
        check_not_going_back(box.db.read(), found.sale)
        wanted = granted.one(box.db.read(), found, name)
        if wanted.file.sha256 != sha256:
            raise ids.unknown_page()
        check_download(wanted.taken, wanted.allowed)
        if not shop.behind_nginx:
            return files.send(box.folder, wanted.file, found.no, shop.transfers.report)
        return files.hand_back(box.folder, Asked(grant, found.no, name, wanted.file), shop.transfers.report)

    return routes
