"""What the benchmark of the buyers' side runs against: `stall web` alone or behind our nginx, a plain nginx, a bare Flask page.

nginx is a system package: without it this is refused, in words.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from stall import app
from stall import settings as settings_file
from stall.demo import nginx as shipped
from stall.demo.nginx import Places
from stall.errors import Refused
from stall.flows.record_pack import Prepared
from stall.store import link_secret
from stall.store.schema import FROZEN, number_id
from stall.web import ids
from stall.web.links import Links
from stall.wire import manifest
from tests.bench import stand
from tests.bench.stand import ROOT
from tests.fakes import papers

PHOTOS, PHOTO_BYTES, PHOTO_COUNT = "photos", 5 * 1024 * 1024, 20
_PACK = 77
PLAIN = """
daemon off; pid plain.pid; error_log stderr crit; worker_processes 1; worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    access_log off; sendfile on; tcp_nopush on; server_tokens off; default_type application/octet-stream;
    upstream bare { server unix:BARE; keepalive 32; }
    server {
        listen 127.0.0.1:PORT sndbuf=128k backlog=1024;
        location /files/ { alias FILES/; }
        location /bare { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://bare; }
    }
}
"""


def photo(n: int) -> bytes:
    """The bytes of the n-th photo: each another file."""
    return hashlib.sha256(str(n).encode()).digest() * (PHOTO_BYTES // 32)


def make(folder: Path, drops: int, edition: int) -> None:
    """A stall with free limited drops, and a free pack of twenty photos of 5 MiB that really lie there."""
    stand.make(folder, drops, edition)
    box, now = app.open_box(folder, clock=stand.TrustedClock()), int(time.time())
    try:
        files = []
        for n in range(PHOTO_COUNT):
            data = photo(n)
            sha = hashlib.sha256(data).hexdigest()
            (folder / "files" / sha).write_bytes(data)
            files.append(manifest.File(path=f"photo-{n:02}.jpg", size=len(data), sha256=sha, type="image/jpeg"))
        offer = papers.Offer(PHOTOS, "Twenty photos", 0, None, tuple(files))
        token = papers.sign_manifest(offer, _PACK.to_bytes(16), now_s=now, since_s=now - 60)
        papers.put_on_sale(box, token, Prepared(None, f"{PHOTOS}.zip", 1, "0" * 64), None)
        with box.db.transaction() as tx:
            tx.conn.execute("UPDATE packs SET max_downloads = 1000000, max_devices = 1000000")
    finally:
        box.close()


def leave(folder: Path, drop: str, count: int) -> None:
    """Leave so many numbers of a limited drop, as if the others had been given back: from the front of a running stall."""
    box = app.open_box(folder, clock=stand.TrustedClock())
    try:
        with box.db.transaction() as tx:
            no = tx.conn.execute("SELECT no FROM drops WHERE drop_id = ?", (drop,)).fetchone()[0]
            tx.conn.execute(
                "UPDATE numbers SET state = ? WHERE id BETWEEN ? AND ?",
                (FROZEN, number_id(no, count + 1), number_id(no + 1, 0) - 1),
            )
    finally:
        box.close()


def front_it(folder: Path, run: Path) -> Places:
    """Set the stall up behind nginx: buyers come to another port then, `stall web` answers on a socket."""
    own = settings_file.load(folder)
    places = Places(folder, run, "127.0.0.1", stand.free_port())
    address = f"http://127.0.0.1:{places.port}"
    web = msgspec.structs.replace(own.web, address=address, socket=str(places.socket))
    settings_file.save(folder, msgspec.structs.replace(own, web=web))
    return places


def find_nginx() -> str:
    """The path of nginx. Raises SystemExit with a sentence where there is none."""
    try:
        return shipped.find()
    except Refused as error:
        raise SystemExit(
            "This benchmark compares with nginx and runs our configuration in it, and there is none on this machine."
            " Install it, on Debian with: sudo apt-get install nginx-light"
        ) from error


@dataclass(frozen=True, slots=True)
class Tree:
    """A program and its children."""

    pid: int

    def pids(self) -> list[int]:
        """All of them."""
        found = [self.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").iterdir():
                with contextlib.suppress(OSError):
                    found += map(int, (task / "children").read_text().split())
        return found

    def cpu_s(self) -> float:
        """Processor time they have used so far (s), by the scheduler's own clock."""
        return sum(stand.Server(pid, 0, 0).cpu_s() for pid in self.pids())

    def pss_mb(self) -> float:
        """Memory they have for themselves, and their share of what is shared (MB of 2^20 bytes)."""
        total = 0
        for pid in self.pids():
            found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
        return total / 1024


@contextlib.contextmanager
def program(command: list[str], port: int, folder: Path) -> Iterator[Tree]:
    """Run a server until the block ends; it answers on `port` when the block begins."""
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(command, cwd=ROOT, stderr=(folder / "error").open("ab")) as process:
        try:
            wait_for(port)
            yield Tree(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            finally:
                process.kill()


def wait_for(port: int) -> None:
    """Wait until somebody listens there, ten seconds at most."""
    until = time.monotonic() + 10
    while True:
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


@contextlib.contextmanager
def our_nginx(nginx: str, places: Places) -> Iterator[Tree]:
    """The shipped configuration in front of a stall."""
    with program([nginx, *shipped.lay_out(places)], places.port, places.run) as tree:
        yield tree


@contextlib.contextmanager
def plain_nginx(nginx: str, files: Path, home: Path) -> Iterator[tuple[Tree, int, Tree]]:
    """nginx as it comes, with sendfile, over a folder of files; and in front of a bare Flask page at /bare."""
    port, bare = stand.free_port(), home / "bare.sock"
    home.mkdir(parents=True, exist_ok=True)
    text = PLAIN.replace("BARE", str(bare)).replace("PORT", str(port)).replace("FILES", str(files))
    user = "user root;\n" if os.geteuid() == 0 else ""
    (home / "plain.conf").write_text(user + text, encoding="utf-8")
    with contextlib.ExitStack() as stack:
        page = stack.enter_context(
            subprocess.Popen([sys.executable, "-m", "tests.bench.bare_page", str(bare)], cwd=ROOT)
        )
        stack.callback(page.kill)
        while not bare.exists():
            time.sleep(0.02)
        command = [nginx, "-p", str(home), "-c", str(home / "plain.conf"), "-e", "stderr"]
        tree = stack.enter_context(program(command, port, home))
        yield tree, port, Tree(page.pid)


class Buyer:
    """One phone that takes the photos, for their links."""

    def __init__(self, port: int) -> None:
        """Come to a stall at `port`."""
        self._port = port

    def _ask(self, method: str, path: str, fields: Mapping[str, str] | None = None) -> str:
        conn = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {"Origin": f"http://127.0.0.1:{self._port}", "Content-Type": "application/x-www-form-urlencoded"}
        conn.request(method, path, urlencode(fields) if fields else None, headers if fields else {})
        answer = conn.getresponse()
        answer.read()
        conn.close()
        if answer.status not in {302, 303}:
            raise RuntimeError(f"{method} {path}: {answer.status}")
        return answer.getheader("Location") or ""

    def order(self, drop: str = PHOTOS) -> str:
        """Take it; the address of the order."""
        return self._ask("POST", f"/d/{drop}/take", {"press": ids.new_press()})

    def grant(self) -> str:
        """Take the photos and open them; the name of the grant."""
        order = self.order()
        return self._ask("POST", f"{order}/claim", {"press": ids.new_press()}).removeprefix("/g/")

    def direct(self) -> list[str]:
        """Addresses of the photos under a grant."""
        grant = self.grant()
        return [f"/g/{grant}/photo-{n:02}.jpg" for n in range(PHOTO_COUNT)]

    def links(self) -> list[str]:
        """Signed links to them, as the stall gives them out behind nginx."""
        return [self._ask("GET", path) for path in self.direct()]


def expired(folder: Path, links: list[str]) -> list[str]:
    """The same links as they were an hour ago: rightly signed and over, so nginx asks the app, which hands the file back."""
    box = app.open_box(folder, looking=True)
    own = Links(link_secret.derive(box.secrets))
    box.close()
    old = []
    for link in links:
        grant, sha, name = link.partition("?")[0].removeprefix("/f/").split("/", 2)
        old.append(own.address(grant, sha, name, int(time.time()) - 3600))
    return old


def save(path: Path, told: object) -> None:
    """Write what was measured."""
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
