"""A buyer's phone on the stall's pages: looks, orders, waits, claims, downloads, reads the papers."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from stall.demo.journey.page import Element, Page
from stall.demo.journey.visitor import Visitor, wait_for
from stall.errors import Broken

PAID_WITHIN_S = 30.0
_PARTIAL = 206
_FREE = "Free"
_NUMBER = re.compile(r"No\.\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Downloaded:
    """One file as it arrived: its name on the page and its bytes."""

    path: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Its digest, hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Resumed:
    """A download that was cut and went on: where, what the server said to the rest, and the two parts joined."""

    file: Downloaded
    cut_at: int
    etag: str
    status: int
    content_range: str


@dataclass
class TakenHome:
    """What a buyer has in the end, as bytes."""

    manifest: bytes
    edition: int | None
    files: list[Downloaded] = field(default_factory=list)
    pack_zip: Downloaded | None = None
    papers_zip: Downloaded | None = None
    resumed: Resumed | None = None
    receipt: bytes = b""
    certificate: bytes = b""


def order(buyer: Visitor) -> tuple[Page, bytes]:
    """Choose the first thing that costs money and order one; give the order's page and the item's manifest."""
    window = buyer.open("/")
    wanted = [address for text, address in window.links() if address.startswith("/d/") and _FREE not in text]
    if not wanted:
        raise Broken("demo-nothing-to-buy", "The buyers' page offers nothing for money. Open a drop at the till.")
    item = buyer.open(wanted[0])
    manifest = buyer.download(item.link("manifest"))
    return buyer.press(item, "Get it for"), manifest


def code_of(order_page: Page) -> str:
    """The code on the order's page, to be said at the till."""
    return order_page.first("p", "code").text


def wait_until_paid(buyer: Visitor, order_page: Page) -> list[str]:
    """Ask as the page's script does until it is paid; give the states that were seen, in order."""
    seen: list[str] = []

    def paid() -> bool:
        state = str(buyer.document(f"{order_page.address}/state")["state"])
        if state not in seen[-1:]:
            seen.append(state)
        return state == "paid"

    wait_for("the buyer's page to say paid", paid, PAID_WITHIN_S)
    return seen


def download_at_once(buyer: Visitor, order: str) -> bytes:
    """Press the one button of a paid order; give the file it leads to."""
    return buyer.fetch(buyer.open(order), "Download", "file")


def open_download(buyer: Visitor, order: str) -> Page:
    """Go on from the order to the download page, which the same press made."""
    return buyer.open(buyer.open(order).link("Files"))


def take_home(buyer: Visitor, grant: Page, manifest: bytes) -> TakenHome:
    """Download everything behind a grant: each file, both ZIPs, one file in two parts, receipt and certificate."""
    taken = TakenHome(manifest, _edition(grant))
    for element in grant.first("ul", "files").all("a"):
        taken.files.append(Downloaded(_name(element), buyer.download(element.attributes["href"])))
    whole = grant.link("Download everything")
    taken.pack_zip = Downloaded("pack.zip", buyer.download(whole))
    taken.papers_zip = Downloaded("papers.zip", buyer.download(grant.link("All papers")))
    taken.resumed = _resume(buyer, grant, taken.files)
    taken.receipt = buyer.download(buyer.open(grant.link("Receipt")).link("signed receipt"))
    taken.certificate = buyer.download(buyer.open(grant.link("Certificate")).link("signed certificate"))
    return taken


def claim_by_code(buyer: Visitor, code: str) -> Page:
    """Type a claim code and press its button; give the download page."""
    shown = buyer.press(buyer.open("/t"), "", code=code)
    return buyer.press(shown, "", "page")


def _resume(buyer: Visitor, grant: Page, files: list[Downloaded]) -> Resumed | None:
    """Break the largest file off in the middle and go on where it stopped, as a phone does after a lost Wi-Fi."""
    largest = max(files, key=lambda file: len(file.data), default=None)
    if largest is None or not largest.data:
        return None
    address = next(
        element.attributes["href"] for element in grant.first("ul", "files").all("a") if _name(element) == largest.path
    )
    cut_at = len(largest.data) // 2
    begun, etag = buyer.first_bytes(address, cut_at)
    rest = buyer.get(address, **{"Range": f"bytes={cut_at}-", "If-Range": etag})
    joined = begun + rest.content if rest.status_code == _PARTIAL else rest.content
    content_range = rest.headers.get("Content-Range", "")
    return Resumed(Downloaded(largest.path, joined), cut_at, etag, rest.status_code, content_range)


def _name(link: Element) -> str:
    """The file's path as the page shows it beside its size."""
    return next((each.text for each in link.all("span", "name")), link.text)


def _edition(page: Page) -> int | None:
    found = (_NUMBER.search(each.text) for each in page.root.all("p", "number"))
    return next((int(match[1]) for match in found if match), None)
