"""Signed links: what was not signed opens nothing, and both who sign and who check read one and the same text."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from stall.store import link_secret
from stall.web import links
from stall.web.links import Links
from tests.fakes.stock import FILES, PRINTS, Stocked
from tests.house.sources import ROOT
from tests.web import phone

CONFIGURATION = (ROOT / "firmware_config/nginx/stall-buyers.conf").read_text("utf-8")
GRANT, SHA, NOW_S = "A" * 22, "0f" * 32, 1_800_000_123
NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters='/\\:*?"<>|'), min_size=1, max_size=20
).filter(lambda name: name not in {".", ".."})


def parts(address: str) -> tuple[str, str, str]:
    """The path as nginx reads it, when it is over, and what was signed."""
    split = urlsplit(address)
    asked = parse_qs(split.query)
    return unquote(split.path), asked["e"][0], asked["s"][0]


@given(NAMES)
def test_what_was_signed_is_good_and_whatever_differs_is_not(name: str) -> None:
    signed = Links("secret")
    path, ends, mark = parts(signed.address(GRANT, SHA, name, NOW_S))
    assert path == f"/f/{GRANT}/{SHA}/{name}"
    assert signed.good(GRANT, SHA, name, ends, mark)
    assert not Links("other").good(GRANT, SHA, name, ends, mark)
    assert not signed.good("B" * 22, SHA, name, ends, mark)
    assert not signed.good(GRANT, "1f" * 32, name, ends, mark)
    assert not signed.good(GRANT, SHA, name + "x", ends, mark)
    assert not signed.good(GRANT, SHA, name, str(int(ends) + 1), mark)
    assert not signed.good(GRANT, SHA, name, ends, mark[:-1] + ("A" if mark[-1] != "A" else "B"))


@pytest.mark.parametrize("ends", ["", "-1", " 1", "1 ", "१", "1" * 13, "1.0"])
@pytest.mark.parametrize("mark", ["", "A", "A" * 22, "ü" * 22, "A" * 23])
def test_no_odd_text_is_taken_for_a_signature(ends: str, mark: str) -> None:
    assert not Links("secret").good(GRANT, SHA, "a.jpg", ends, mark)


def test_a_link_is_good_for_a_quarter_of_an_hour_and_the_same_for_a_while() -> None:
    """A browser that asks again within minutes gets the same address, and with it what it has of the file."""
    signed = Links("secret")
    for at_s in range(NOW_S, NOW_S + 2 * links.STEP_S, 7):
        left = int(parts(signed.address(GRANT, SHA, "a.jpg", at_s))[1]) - at_s
        assert links.LIFETIME_S < left <= links.LIFETIME_S + links.STEP_S
    step = NOW_S // links.STEP_S * links.STEP_S
    assert len({signed.address(GRANT, SHA, "a.jpg", step + s) for s in range(links.STEP_S)}) == 1


def test_nginx_takes_files_for_the_types_that_links_are_signed_for() -> None:
    block = re.search(r"\n    types \{\n(.*?)\n    \}", CONFIGURATION, re.DOTALL)
    assert block
    there = {
        ending: line.split()[0] for line in block[1].splitlines() for ending in line.strip().rstrip(";").split()[1:]
    }
    assert there == links.TYPES
    assert f"default_type {links.OTHER};" in CONFIGURATION


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("a/b.JPG", "image/jpeg"), ("b.tar.zip", "application/zip"), ("jpg", links.OTHER), (".jpg", links.OTHER),
        ("a/.jpg", links.OTHER), ("a.jpg/b", links.OTHER), ("a.", links.OTHER), ("a.jpg ", links.OTHER), ("a.üpg", links.OTHER),
    ],
)  # fmt: skip
def test_the_end_of_a_name_tells_its_type(path: str, told: str) -> None:
    assert links.type_by_name(path) == told


def test_the_secret_is_the_boxs_own_and_written_once(stocked_box: Stocked) -> None:
    keys = stocked_box.folder / "keys"
    own = stocked_box.box.secrets
    file = link_secret.keep(keys, own)
    assert file.read_text() == f'set $stall_links "{link_secret.derive(own)}";\n'
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.stat().st_ino
    assert link_secret.keep(keys, own).stat().st_ino == before
    file.chmod(0o644)
    assert link_secret.keep(keys, own).stat().st_mode & 0o777 == 0o600
    file.write_text('set $stall_links "another";\n')
    assert link_secret.keep(keys, own).read_text().count(link_secret.derive(own)) == 1


def test_a_link_is_followed_without_nginx_too_and_a_forged_one_is_nothing(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    """Whoever began behind nginx goes on when the same box serves without it."""
    grant = phone.grant(buyer, stocked_box).rpartition("/")[2]
    photo = "01 low sun.jpg"
    sha = buyer.head(f"/g/{grant}/{photo}").headers["ETag"].strip('"').removeprefix("sha256-")
    signed = Links(link_secret.derive(stocked_box.box.secrets))
    address = signed.address(grant, sha, photo, 0)
    assert buyer.get(address, buffered=True).data == FILES[PRINTS][photo]
    forged = [
        Links("guessed").address(grant, sha, photo, 0),
        address.partition("?")[0],
        signed.address(grant, "0" * 64, photo, 0),
        signed.address("A" * 22, sha, photo, 0),
        signed.address(grant, sha, "other.jpg", 0),
    ]
    for wrong in forged:
        answer = buyer.get(wrong)
        assert (answer.status_code, "page-unknown" in answer.text) == (404, True), wrong
