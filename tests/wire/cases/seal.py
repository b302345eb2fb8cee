"""Seals: what is drawn from the names in a certificate. Any digest has one, so there is nothing to refuse."""

from __future__ import annotations

from dataclasses import asdict

from stall.wire import seal
from tests.wire import documents as doc
from tests.wire.casebook import Document, Given

Names = tuple[str, str, str, int | None, str]


def _drawn(names: Names) -> Given:
    digest = seal.digest(*names)
    return {
        "names": list(names),
        "digest": digest.hex(),
        "called": seal.name(digest),
        "curves": [asdict(curve) for curve in seal.curves(digest)],
        "lines": [{"width": width, "tone": tone, "d": seal.path(points)} for width, tone, points in seal.lines(digest)],
    }


def _read(given: Given) -> None:
    creator, drop, manifest, edition, receipt = given["names"]
    assert _drawn((creator, drop, manifest, edition, receipt)) == given


_SUBJECT = doc.certificate_of()["credentialSubject"]
_NAMES: Names = (
    _SUBJECT["creator"], _SUBJECT["drop"], _SUBJECT["manifest"], _SUBJECT["edition"], _SUBJECT["receipt"]
)  # fmt: skip

DOCUMENT = Document(
    name="seal",
    section="5.13",
    read=_read,
    valid=[
        _drawn(_NAMES),
        _drawn((*_NAMES[:3], _NAMES[3] + 1 if _NAMES[3] else 1, _NAMES[4])),
        _drawn((*_NAMES[:3], None, _NAMES[4])),
        _drawn((doc.STRANGER.did, "z00", "sha256-" + "A" * 43, 100_000, "sha256-" + "_" * 42 + "8")),
    ],
    invalid=[],
)
