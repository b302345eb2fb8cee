"""Downloads through a real nginx: cut and resumed, over and forged, counted once, and nothing of them in any log."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.fakes.stock import FILES, PRINTS, Stocked
from tests.web import front
from tests.web.front import Front

pytestmark = pytest.mark.nginx

PHOTO = "01 low sun.jpg"
DATA = FILES[PRINTS][PHOTO]
LARGE_BYTES, CUT_BYTES = 500_000_000, 120_000_000


@pytest.fixture
def served(stall: Stocked, nginx: str) -> Iterator[Front]:
    with front.behind_nginx(stall.box, nginx, stall.folder.parent / "run") as running:
        yield running


def linked(served: Front, grant: str, name: str = PHOTO) -> str:
    answer = served.ask(f"/g/{grant}/{quote(name)}")
    assert (answer.status, answer.headers["Cache-Control"], answer.body[:1]) == (302, "no-store", b"<")
    return str(answer.headers["Location"])


def downloads(stall: Stocked) -> dict[str, int]:
    rows = stall.box.db.read().execute(
        "SELECT coalesce(f.path, 'zip'), d.count FROM downloads d LEFT JOIN files f ON f.id = d.file"
    )
    return dict(rows.fetchall())


def counted(stall: Stocked, times: int) -> bool:
    return downloads(stall) == {PHOTO: times}


def transfers(stall: Stocked) -> list[tuple[int, int]]:
    return [tuple(row) for row in stall.box.db.read().execute("SELECT sent, last FROM transfers")]


def begin(served: Front, path: str, **headers: str) -> socket.socket:
    """Ask for a file on a connection that takes little at a time; give it with the head read."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    sock.connect(("127.0.0.1", served.port))
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    return sock


def test_a_download_broken_off_and_resumed_counts_once(served: Front, stall: Stocked) -> None:
    front.enlarge(stall, PHOTO, CUT_BYTES)
    path = linked(served, front.grant(stall))
    with begin(served, path) as sock:
        got = 0
        while got < 1_000_000:
            got += len(sock.recv(65_536))
    front.until(lambda: bool(transfers(stall)))
    ((sent, last),) = transfers(stall)
    assert 1_000_000 <= sent + 400 < 50_000_000  # the head of the answer is no byte of the file
    assert (last, downloads(stall)) == (0, {})
    got, size, tag = served.rest(path, 1_000_000)
    assert (got, size) == (CUT_BYTES - 1_000_000, CUT_BYTES)
    assert tag.startswith('"sha256-')
    front.until(lambda: bool(downloads(stall)))
    assert (downloads(stall), transfers(stall)) == ({PHOTO: 1}, [])


def test_the_last_bytes_of_500_mb_are_there_at_once(served: Front, stall: Stocked) -> None:
    sha = front.enlarge(stall, PHOTO, LARGE_BYTES)
    with (stall.folder / "files" / sha).open("r+b") as file:
        file.seek(-5, 2)
        file.write(b"fifth")
    tag = f'"sha256-{sha}"'
    answer = served.ask(linked(served, front.grant(stall)), Range=f"bytes={LARGE_BYTES - 5}-", If_Range=tag)
    assert (answer.status, answer.body) == (206, b"fifth")
    assert answer.headers["Content-Range"] == f"bytes {LARGE_BYTES - 5}-{LARGE_BYTES - 1}/{LARGE_BYTES}"


@pytest.mark.parametrize("condition", ["If-Range", "If-Match", "none"])
def test_a_link_that_is_over_resumes_on_the_same_address(served: Front, stall: Stocked, condition: str) -> None:
    """With the condition of Chrome and Safari, of Firefox, and with none."""
    grant = front.grant(stall)
    tag = served.follow(f"/g/{grant}/{quote(PHOTO)}", "HEAD").headers["ETag"]
    sha = tag.strip('"').removeprefix("sha256-")
    over = served.shop.links.address(grant, sha, PHOTO, 1_700_000_000)
    conditions = {} if condition == "none" else {condition: tag}
    head = served.ask(over, Range="bytes=0-9999", **conditions)
    tail = served.ask(over, Range="bytes=10000-", **conditions)
    assert (head.status, tail.status, head.body + tail.body) == (206, 206, DATA)
    served.written()
    assert (downloads(stall), transfers(stall)) == ({PHOTO: 1}, [])


def test_a_link_outlives_neither_its_grant_nor_its_sale(served: Front, stall: Stocked) -> None:
    grant = front.grant(stall)
    sha = served.follow(f"/g/{grant}/{quote(PHOTO)}").headers["ETag"].strip('"').removeprefix("sha256-")
    over = served.shop.links.address(grant, sha, PHOTO, 1_700_000_000)
    assert served.ask(over).status == 200
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE claims SET expires_ms = 1")
    assert served.ask(over).status == 410
    assert served.ask(f"/g/{grant}/{quote(PHOTO)}").status == 410


def test_after_as_many_downloads_as_allowed_there_is_no_further_link(served: Front, stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE packs SET max_downloads = 2")
    grant = front.grant(stall)
    for times in (1, 2):
        assert served.follow(f"/g/{grant}/{quote(PHOTO)}").status == 200
        front.until(partial(counted, stall, times))
    answer = served.ask(f"/g/{grant}/{quote(PHOTO)}")
    assert (answer.status, b"download-limit" in answer.body) == (403, True)
    assert served.follow(f"/g/{grant}/{PRINTS}.zip").status == 200


def test_whatever_was_not_signed_is_nothing_like_everything_else(served: Front, stall: Stocked) -> None:
    path = linked(served, front.grant(stall))
    grant, sha = path[3:25], path[26:90]
    nowhere = served.ask("/nowhere")
    for wrong in (
        path.replace("s=", "s=A"),
        path.partition("&s=")[0],
        path.replace("e=1", "e=2"),
        path.replace("low", "high"),
        path.partition("?")[0],
        path.replace(grant, "A" * 22),
        path.replace(sha, "0" * 64),
        path.replace("/f/", "/-/part/"),
        f"/-/part/{grant}/files/{sha}/x.jpg",
        f"/-/whole/-/files/{sha}/x.jpg",
        f"/-/part/-/files/..%2f..%2fkeys%2fbox.key{sha}/x",
        f"/files/{sha}",
        f"/static/..%2ffiles%2f{sha}",
    ):
        assert wrong != path
        answer = served.ask(wrong)
        assert (answer.status, b"page-unknown" in answer.body) == (404, True), wrong
        assert answer.headers.keys() == nowhere.headers.keys(), wrong
    renamed = served.ask(path.replace("n=01", "n=02"))  # the one word that only names: the app names it right
    assert renamed.headers["Content-Disposition"] == served.ask(path).headers["Content-Disposition"]


def test_who_guesses_links_is_slowed_down(served: Front, stall: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link guessed wrong is a guess like that of a code."""
    guessed: list[str] = []
    monkeypatch.setattr(served.shop.tries, "guessed_wrong", lambda: guessed.append("wrong"), raising=False)
    assert served.ask(linked(served, front.grant(stall)).replace("s=", "s=A")).status == 404
    assert guessed == ["wrong"]


def test_a_file_that_is_gone_or_shorter_is_said_to_be_damaged(served: Front, stall: Stocked) -> None:
    grant = front.grant(stall)
    path = linked(served, grant)
    sha = path.split("/")[3]
    (stall.folder / "files" / sha).rename(stall.folder / "files" / "elsewhere")
    answer = served.ask(path)
    assert (answer.status, b"file-missing" in answer.body) == (500, True)


def test_a_symbolic_link_among_the_files_is_followed_by_nobody(served: Front, stall: Stocked) -> None:
    path = linked(served, front.grant(stall))
    kept = stall.folder / "files" / path.split("/")[3]
    outside = stall.folder.parent / "outside"
    kept.rename(outside)
    kept.symlink_to(outside)
    assert DATA not in served.ask(path).body


def test_the_zip_and_files_of_two_packs_come_under_their_names(served: Front, stall: Stocked) -> None:
    grant = front.grant(stall, PRINTS, "night-zine")
    assert served.follow(f"/g/{grant}/night-zine/zine.pdf").body == FILES["night-zine"]["zine.pdf"]
    assert served.follow(f"/g/{grant}/{PRINTS}/{PRINTS}.zip").body[:2] == b"PK"
    assert served.ask(f"/g/{grant}/papers.zip").body[:2] == b"PK"
    served.written()
    assert sorted(downloads(stall).values()) == [1, 1]


def test_no_address_code_or_grant_stands_in_any_log(
    served: Front, stall: Stocked, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not even when something is wrong with the files, the app, or what a phone sends."""
    grant = front.grant(stall)
    path = linked(served, grant)
    served.ask(path)
    served.ask(path.replace("s=", "s=A"))
    kept = stall.folder / "files" / path.split("/")[3]
    kept.chmod(0)
    kept.rename(kept.with_name("away"))
    kept.mkdir()
    served.ask(path)
    with begin(served, f"/g/{grant}/{'x' * 40_000}") as sock:
        assert b"414" in sock.recv(100)
    with begin(served, f"/T/{grant}\x01") as sock:
        assert b"400" in sock.recv(100)
    assert served.ask("/t", "POST", "x" * 70_000).status == 413
    served.stop_app()
    assert served.ask(f"/g/{grant}/gone.jpg").status in {502, 503}
    written = (served.run / "error").read_text("utf-8")
    heard = capfd.readouterr()
    for text in (written, heard.out, heard.err):
        for secret in (grant, path.split("/")[3], "low sun", "low%20sun", served.shop.links._secret):
            assert secret not in text
    assert not list(served.run.glob("**/access*"))


def test_nothing_of_a_download_is_written_to_the_disk_on_its_way(served: Front, stall: Stocked) -> None:
    front.enlarge(stall, PHOTO, CUT_BYTES)
    grant = front.grant(stall)
    over = served.shop.links.address(grant, linked(served, grant).split("/")[3], PHOTO, 1_700_000_000)
    with begin(served, over, **{"If-Match": "*"}) as sock:  # the one way on which bytes come through the app
        assert sock.recv(4096).startswith(b"HTTP/1.1 200")
        form = socket.create_connection(("127.0.0.1", served.port))
        form.sendall(b"POST /t HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60000\r\n\r\n" + b"x" * 50_000)
        assert served.ask("/").status == 200
        assert [file for file in open_files(served) if "/run/proxy" in file or "/run/body" in file] == []
        form.close()


def open_files(served: Front) -> list[str]:
    """What nginx's processes have open; a temporary file has no name any more, but is seen here."""
    workers = Path(f"/proc/{served.pid}/task/{served.pid}/children").read_text("ascii").split()
    return [str(each.readlink()) for pid in workers for each in Path(f"/proc/{pid}/fd").iterdir()]


def test_a_signed_link_asks_nobody(served: Front, stall: Stocked) -> None:
    """What nginx checks and what was signed are one text, for plain names and others, for files and ZIPs."""
    grant = front.grant(stall)
    names = [PHOTO, front.ODD, "notes/größe.txt", f"{PRINTS}.zip"]
    paths = [linked(served, grant, name) for name in names]
    served.count_what_reaches_the_framework()
    for path in paths:
        assert served.ask(path).status == 200
        assert served.ask(path, "HEAD").status == 200
        assert served.ask(path, Range="bytes=1-2", If_Range='"other"').status == 200
        assert served.ask(path, Range="bytes=1-2").status == 206
        assert served.ask(path, Range="bytes=999999999-").status == 416
    assert served.framework == []
