"""One file of a grant is found as in the whole listing, whatever it is called and whatever else was bought."""

from __future__ import annotations

import pytest

from stall.errors import Refused
from stall.store import claims
from stall.web import granted, ids
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.web import front


@pytest.mark.parametrize("drops", [(PRINTS,), (ZINE,), (PRINTS, ZINE, SAMPLER)])
def test_each_name_means_the_same(stocked_box: Stocked, drops: tuple[str, ...]) -> None:
    conn = stocked_box.box.db.read()
    grant = claims.grant(conn, ids.grant_no(stocked_box.box.secrets, front.grant(stocked_box, *drops)))
    assert grant is not None
    packs = granted.listing(conn, grant)
    files = [file for pack in packs for file in (pack.whole, *pack.files)]
    assert [granted.one(conn, grant, file.name) for file in files] == files
    for wrong in ("", "nothing", f"{PRINTS}/", f"{PRINTS}/{PRINTS}/01 low sun.jpg", "01 LOW SUN.jpg"):
        with pytest.raises(Refused, match="page-unknown"):
            granted.one(conn, grant, wrong)
