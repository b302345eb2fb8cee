"""One file, three ways: from waitress alone, from nginx by a signed link, and handed back to nginx by the app. Nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stall.web.links import Links
from tests.fakes.stock import FILES, PRINTS, Stocked
from tests.web import front
from tests.web.front import Answer, Front

pytestmark = pytest.mark.nginx

PHOTO, ZIP = "01 low sun.jpg", f"{PRINTS}.zip"
DATA = FILES[PRINTS][PHOTO]
NAMES = [PHOTO, front.ODD, front.UNTOLD, ZIP, "empty.txt"]
#: What the server says of itself, not of the file.
OWN = {"Date", "Server", "Connection"}
OLD_S = 1_700_000_000


@dataclass
class Ways:
    """Both servers over one box, and a grant of it."""

    alone: Front
    nginx: Front
    grant: str
    links: Links

    def asked(self, name: str, method: str = "GET", **headers: str) -> list[Answer]:
        """The answers of all three ways, and of a link that is over when it came by waitress alone."""
        path = f"/g/{self.grant}/{quote(name)}"
        over = self.over(name)
        return [
            self.alone.ask(path, method, **headers),
            self.nginx.follow(path, method, **headers),
            self.nginx.ask(over, method, **headers),
            self.alone.ask(over, method, **headers),
        ]

    def over(self, name: str) -> str:
        """A signed link that ended long ago."""
        direct = self.alone.ask(f"/g/{self.grant}/{quote(name)}", "HEAD")
        sha = direct.headers["ETag"].strip('"').partition("-")[2]  # a ZIP is named by what it is made of
        return self.links.address(self.grant, sha, name, OLD_S, zipped=name == ZIP)


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory, nginx: str) -> Iterator[Ways]:
    folder = tmp_path_factory.mktemp("w")
    stocked: Stocked = front.stocked_today(folder / "box")
    grant = front.grant(stocked)
    with front.behind_nginx(stocked.box, nginx, folder / "run") as far, front.alone(stocked.box) as near:
        yield Ways(near, far, grant, far.shop.links)
    stocked.box.close()


def said(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    headers = {name.title(): value for name, value in answer.headers.items() if name not in OWN}
    return answer.status, headers, answer.body


def etag(ways: Ways, name: str) -> str:
    return ways.alone.ask(f"/g/{ways.grant}/{quote(name)}", "HEAD").headers["ETag"]


REQUESTS: list[dict[str, str]] = [
    {},
    {"Range": "bytes=0-1"},
    {"Range": "bytes=0-"},
    {"Range": "bytes=100-199"},
    {"Range": "bytes=200-999999"},
    {"Range": "bytes=-7"},
    {"Range": "bytes=-999999"},
    {"Range": "bytes=-0"},
    {"Range": "bytes=999999-"},
    {"Range": "bytes=9-3"},
    {"Range": "bytes=0-1,4-5"},
    {"Range": "bytes=0-1,999999-"},
    {"Range": "bytes= 0-1"},
    {"Range": "bytes=0 - 1"},
    {"Range": "BYTES=0-1"},
    {"Range": "bytes=-"},
    {"Range": "bytes=a-b"},
    {"Range": "lines=0-1"},
    {"Range": f"bytes=0-{'9' * 18}"},
    {"Range": f"bytes=0-{'9' * 30}"},
    {"Range": "bytes=3-9", "If_Range": "ETAG"},
    {"Range": "bytes=3-9", "If_Range": '"other"'},
    {"Range": "bytes=3-9", "If_Range": "W/ETAG"},
    {"Range": "bytes=3-9", "If_Range": "Sat, 21 Nov 2026 12:00:00 GMT"},
    {"If_None_Match": "ETAG"},
    {"If_None_Match": "W/ETAG"},
    {"If_None_Match": '"other", ETAG'},
    {"If_None_Match": "*"},
    {"If_None_Match": '"other"'},
    {"If_None_Match": '"other"', "Range": "bytes=3-9"},
    {"If_None_Match": "ETAG", "Range": "bytes=3-9"},
    {"If_None_Match": '"other"', "If_Modified_Since": "Sat, 21 Nov 2099 12:00:00 GMT"},
    {"If_Modified_Since": "Sat, 21 Nov 2099 12:00:00 GMT"},
    {"If_Unmodified_Since": "Sat, 21 Nov 2009 12:00:00 GMT"},
    {"If_Unmodified_Since": "Sat, 21 Nov 2009 12:00:00 GMT", "Range": "bytes=3-9"},
    {"If_Match": "ETAG"},
    {"If_Match": "ETAG", "Range": "bytes=3-"},
    {"If_Match": "*"},
    {"If_Match": '"other"'},
    {"If_Match": "W/ETAG"},
    {"Accept_Encoding": "gzip, br"},
]


@pytest.mark.parametrize("name", NAMES)
def test_every_way_gives_the_same_status_headers_and_bytes(ways: Ways, name: str) -> None:
    tag = etag(ways, name)
    for request in REQUESTS:
        headers = {key: value.replace("ETAG", tag) for key, value in request.items()}
        for method in ("GET", "HEAD"):
            first, *others = (said(answer) for answer in ways.asked(name, method, **headers))
            for other in others:
                assert other == first, (name, method, headers)


@settings(max_examples=60)
@given(st.text("bytes=0123459,- ", max_size=24))
def test_whatever_range_is_asked_for_it_means_the_same_every_way(ways: Ways, header: str) -> None:
    wanted = f"bytes={header.strip()}"
    first, *others = (said(answer) for answer in ways.asked("notes/größe.txt", Range=wanted))
    assert all(other == first for other in others)


def test_a_part_and_the_whole_are_the_bytes_that_were_signed(ways: Ways) -> None:
    for answer in ways.asked(PHOTO):
        assert (answer.status, answer.body) == (200, DATA)
        assert answer.headers["Content-Type"] == "image/jpeg"
    for answer in ways.asked(PHOTO, Range="bytes=5-104"):
        assert (answer.status, answer.body) == (206, DATA[5:105])
        assert answer.headers["Content-Range"] == f"bytes 5-104/{len(DATA)}"


def test_a_type_that_the_name_does_not_tell_is_still_the_signed_one(ways: Ways) -> None:
    answers = ways.asked(front.UNTOLD)
    assert {answer.headers["Content-Type"] for answer in answers} == {"image/jpeg"}
    assert ways.nginx.ask(f"/g/{ways.grant}/{front.UNTOLD}").status == 200  # by no link: nginx alone would say another


def test_a_name_of_any_letters_is_saved_as_itself(ways: Ways) -> None:
    name = front.ODD.partition("/")[2]
    for answer in ways.asked(front.ODD):
        told = answer.headers["Content-Disposition"]
        assert told.endswith(f"filename*=UTF-8''{quote(name, safe='')}")
        assert answer.body == front.MORE[front.ODD]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_who_guards_pages_guards_files_too(ways: Ways) -> None:
    """What every page carries, each file carries, whoever sends it."""
    page = ways.alone.ask(f"/g/{ways.grant}/nowhere").headers
    for answer in ways.asked(PHOTO):
        for name in ("Referrer-Policy", "X-Frame-Options", "Cross-Origin-Resource-Policy", "X-Content-Type-Options"):
            assert answer.headers[name] == page[name]
