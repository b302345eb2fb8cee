"""All papers of a day at a stall, as its box signed them, get the same verdicts of the verifying page and of `stall verify`."""

from __future__ import annotations

import json

import pytest

from stall.creator.papers import Content, LogProof
from stall.flows.prove_entries import prove_entries
from stall.wire import b64, certificate, closing, event, jws, manifest
from tests.fakes.stock import CREATOR, PRINTS, Stocked
from tests.flows import busy_day
from tests.flows import test_exports_are_checked_by_anybody as by_anybody
from tests.interop.test_the_page_judges_as_verify_does import asked, heap_of, is_read, words_of, words_there
from tests.wire.documents import forge

pytestmark = pytest.mark.node


def papers_of(stall: Stocked) -> list[Content]:
    """What the box signed, what it was given to sell by, and where in its journal each certificate stands."""
    conn = stall.box.db.read()
    found: list[Content] = [token for (token,) in conn.execute("SELECT token FROM documents")]
    found += [json.loads(text) for (text,) in conn.execute("SELECT document FROM certificates")]
    told = [event.decode(data) for (data,) in conn.execute("SELECT bytes FROM events ORDER BY id")]
    found += [fact.body["receipt"] for fact in told if "receipt" in fact.body]
    certified = [key for (key,) in conn.execute("SELECT event FROM certificates")]
    found += map(LogProof, prove_entries(stall.box, certified).values())
    return [one for one in found if is_read(one)]


def closing_of(stall: Stocked, papers: list[Content]) -> str:
    """The creator's word on the prints, by what their certificates say."""
    token = next(one for one in papers if isinstance(one, str) and _is_of_prints(one))
    sold = {
        one["credentialSubject"]["edition"]: certificate.digest(one)
        for one in papers
        if isinstance(one, dict) and "edition" in one["credentialSubject"]
    }
    told_s, size = jws.known_claims(token)["iat"] + 86_400, jws.known_claims(token)["drop"]["edition"]
    entries = [
        {"ed": ed, "st": "sold", "cert": sold[ed]} if ed in sold else {"ed": ed, "st": "unsold"}
        for ed in range(1, size + 1)
    ]
    claims = {
        "iss": CREATOR.did, "jti": b64.encode(bytes(16)), "iat": told_s, "drop": PRINTS, "man": jws.token_hash(token),
        "editions": entries,
    }  # fmt: skip
    return forge(CREATOR, closing.TYP, claims)


def _is_of_prints(token: str) -> bool:
    return jws.unverified_typ(token) == manifest.TYP and jws.known_claims(token)["drop"]["id"] == PRINTS


def test_a_busy_day_and_its_closing(stall: Stocked) -> None:
    by_anybody.cosign(stall)
    busy_day.live_through(stall)
    papers = papers_of(stall)
    heaps = [heap_of(papers, None), heap_of([*papers, closing_of(stall, papers)], CREATOR.did)]
    for (_, ours), said in zip(heaps, asked(question for question, _ in heaps), strict=True):
        assert [words_there(one) for one in said["verdicts"]] == [words_of(one) for one in ours]
    met = {(one.what, one.grade) for _, ours in heaps for one in ours}
    assert {("certificate", "REVOKED"), ("certificate", "VALID-FINAL"), ("certificate", "VALID-PROVISIONAL")} <= met
    assert {what for what, _ in met} >= {
        "receipt",
        "refund",
        "void",
        "log proof",
        "manifest",
        "delegation",
        "closing statement",
    }
