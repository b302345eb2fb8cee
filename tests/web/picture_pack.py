"""A pack of twenty pictures, as an import leaves one in a box: files, ZIP, and the small pictures beside them."""

from __future__ import annotations

import hashlib
import io

from PIL import Image

from stall.flows.record_pack import Prepared
from stall.store import previews
from stall.wire import manifest
from tests.fakes import buyers_zip, papers
from tests.fakes.stock import DAY_S, NOW_S, Stocked

DROP, PICTURES, PRICE = "twenty", 20, 900


def put_on_sale(stall: Stocked) -> None:
    """Put it on sale, open, with twenty JPEGs and a page of text."""
    folder, contents = stall.folder, {f"{n + 1:02} dünen.jpg": _picture(n) for n in range(PICTURES)}
    contents["notes.txt"] = b"From one morning.\n"
    files = tuple(
        manifest.File(
            path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest(),
            type="image/jpeg" if path.endswith("jpg") else "text/plain",
        )
        for path, data in contents.items()
    )  # fmt: skip
    sources = []
    for path, data in contents.items():
        digest = hashlib.sha256(data).hexdigest()
        kept = folder / "files" / digest
        kept.write_bytes(data)
        sources.append((path, kept))
        if path.endswith("jpg"):
            small = previews.thumb(folder, digest)
            small.parent.mkdir(exist_ok=True)
            small.write_bytes(data)
    jti = hashlib.sha256(DROP.encode()).digest()[:16]
    offer = papers.Offer(DROP, "Twenty dunes", PRICE, None, files)
    token = papers.sign_manifest(offer, jti, now_s=NOW_S, since_s=NOW_S - DAY_S)
    making = folder / "zips" / "making.zip"
    zipped = buyers_zip.build(sources, token, making)
    making.rename(folder / "zips" / f"{zipped.key}.zip")
    papers.put_on_sale(stall.box, token, Prepared(None, f"{DROP}.zip", zipped.size, zipped.key), None)
    with stall.box.db.transaction() as tx:
        sizes = dict.fromkeys(range(PICTURES), (48, 32))
        pack = tx.conn.execute("SELECT pack FROM drops WHERE drop_id = ?", (DROP,)).fetchone()[0]
        previews.write(tx, pack, previews.Pictures(None, sizes))


def _picture(n: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (48, 32), (200 - 8 * n, 100, 40 + 10 * n)).save(out, "JPEG")
    return out.getvalue()
