"""A stall in real processes, pages and reader, with a terminal that keeps nothing to itself; and all it wrote or served."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stall import app, settings
from stall.reader.simulated.controls import Controls
from stall.reader.simulated.ledger import Ledger
from stall.settings import Reader, Settings, Web
from stall.store import attempts, claim_codes, readers, sales
from stall.store.attempts import Attempt
from stall.wire import erasable, hkdf
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.faults.browser import Answer, Browser
from tests.reader import loose_card as card

PATIENCE_S = 30.0
_MOST_PAGES = 150
_LEADS_TO = re.compile(rb'(?:href|src|action)="(/[^"#]*)')
_PRESS = re.compile(rb'name="press" value="([^"]+)"')


class Terminal(Protocol):
    """Either simulated terminal."""

    ready: threading.Event

    def run(self, stop: threading.Event) -> None: ...


Make = Callable[[Ledger, Controls, Path], Terminal]


class Stall:
    """One of them, from `start` to `end`."""

    def __init__(self, folder: Path, controls: Controls, make: Make, reader: Reader) -> None:
        self.folder, self.logs, self.controls = folder / "box", folder / "logs", controls
        for each in (self.folder, self.logs):
            each.mkdir()
        port, till = _free_port(), _free_port()
        self.buyers, self.till = Browser(f"127.0.0.1:{port}"), Browser(f"127.0.0.1:{till}", stock.PIN)
        web = Web(port=port, till_port=till, address=f"http://127.0.0.1:{port}", threads=4)
        settings.save(self.folder, Settings(name="Salt & Paper", web=web, reader=reader))
        stock.stock(self.folder, FakeClock(wall=int(time.time() * 1000)))
        self.box = app.open_box(self.folder)
        self.pages: dict[str, bytes] = {}
        self._stop, self._parts = threading.Event(), list[subprocess.Popen[bytes]]()
        terminal = make(Ledger(folder / "ledger.sqlite"), controls, folder / "port")
        self._terminal = threading.Thread(target=terminal.run, args=(self._stop,))
        self._terminal.start()
        assert terminal.ready.wait(PATIENCE_S)

    def start(self) -> None:
        """The processes a maker runs, and one that looks."""
        for words in (["web"], ["reader"], ["reader", "watch"]):
            with (self.logs / "-".join(words)).open("wb") as log:
                command = [sys.executable, "-m", "stall", *words, "--data", str(self.folder)]
                self._parts.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT))
        self.until(lambda: self.ready() and all(each.see("/").status == 200 for each in (self.till, self.buyers)))

    def stop(self) -> None:
        """End the processes, in order; what they left can be looked at."""
        for part in self._parts:
            part.terminate()
        for part in self._parts:
            assert part.wait(PATIENCE_S) == 0
        self._parts.clear()

    def end(self) -> None:
        self.stop()
        self._stop.set()
        self._terminal.join(PATIENCE_S)
        self.buyers.close()
        self.till.close()
        self.box.close()

    def run(self, *words: str) -> None:
        """A command of the box, to its end; what it says is kept."""
        command = [sys.executable, "-m", "stall", *words, "--data", str(self.folder)]
        ran = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False)
        (self.logs / "-".join(words)).write_bytes(ran.stdout + ran.stderr)

    def until(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, "it did not come to that in time"
            time.sleep(0.01)

    def ready(self) -> bool:
        """Whether the till says that a card may come."""
        found = readers.find(self.box.db.read(), 1)
        return found is not None and found.link == "ready"

    def sell(self, mode: str = "approve") -> Attempt:
        """Press a tile and Card, look at the sale until it is over, as both its pages show it."""
        self.until(self.ready)
        self.controls.choose(mode, wait_for_tap=False)
        press = _pressed(self.till.see("/"))
        sale = self.till.press("/sale", press=press, item=stock.ZINE).location
        return self.follow(sale, self.till.press(f"{sale}/card", ordinal="1"))

    def give_back(self, of: Attempt, way: str) -> Attempt:
        """Press the way back of a payment."""
        self.until(self.ready)
        sale = f"/sale/{of.sale}"
        ordinal = str(len(attempts.of_sale(self.box.db.read(), of.sale)) + 1)
        return self.follow(
            sale, self.till.press(f"{sale}/back", of=str(of.no), ordinal=ordinal, way=way, pin=stock.PIN)
        )

    def follow(self, sale: str, pressed: Answer) -> Attempt:
        """Look again and again until the newest payment is over or is for a person."""
        assert pressed.done, pressed.words
        conn = self.box.db.read()
        (no,) = conn.execute("SELECT max(no) FROM attempts").fetchone()
        looks = 0
        while (now := attempts.get(conn, no)).open and "decide here" not in now.display:
            looks += 1
            assert looks < 3000, f"payment {no} stays {now.state}"
            for page in (sale, f"{sale}/state"):
                self.pages[f"{page} {now.state} {now.display}"] = self.till.see(page).body
        self.pages[f"{sale} {no}"] = self.till.see(sale).body
        return now

    def job(self, page: str) -> None:
        """Ask the terminal for something besides payments, and wait for its answer."""
        answer = self.till.press(page)
        assert answer.done, answer.words
        no = int(answer.location.partition("job=")[2])
        self.until(lambda: (readers.job(self.box.db.read(), no) or ("", ""))[0] in {"done", "failed"})
        self.pages[answer.location] = self.till.see(answer.location).body

    def look_at_everything(self) -> None:
        """Every page that a link leads to, at the till and at the buyers' side, with what the codes open."""
        conn = self.box.db.read()
        paid = [row[0] for row in conn.execute("SELECT no FROM sales WHERE state = 'paid'")]
        begun = [row[0] for row in conn.execute("SELECT no FROM sales")]
        self._crawl("till", self.till, [*(f"/sale/{no}" for no in begun), *(f"/sale/{no}/back" for no in paid), "/day"])
        opened = []
        for no in paid:
            code = claim_codes.code_of(conn, self.box.secrets.claim_key, sales.get(conn, no))
            page = self.buyers.see(f"/T/{code}")
            self.pages[f"/T/ of {no}"] = page.body
            if _PRESS.search(page.body):
                opened.append(self.buyers.press(f"/T/{code}", press=_pressed(page)).location)
        assert opened
        self._crawl("buyers", self.buyers, [*opened, "/catalog.json", "/keys.json"])

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Everything: each file as it lies on the disk, what is sealed in it, what was logged, printed and served."""
        for path in [*self.folder.rglob("*"), *self.logs.rglob("*")]:
            if path.is_file():
                yield path.name, path.read_bytes()
        yield "sealed rows", b"\n".join(self._unsealed())
        yield "what the database says", "\n".join(self.box.db.read().iterdump()).encode()
        yield from self.pages.items()

    def findings(self) -> list[str]:
        return [f"{name}: {', '.join(sorted(how))}" for name, data in self.written() if (how := card.traces(data))]

    def last4(self) -> list[str | None]:
        """Of each payment whose card was kept, the digits that were."""
        return [json.loads(data)["last4"] for data in self._unsealed() if data.startswith(b'{"auth"')]

    def _unsealed(self) -> Iterator[bytes]:
        conn = self.box.db.read()
        rows = conn.execute("SELECT f.salt, f.sealed, f.attempt FROM card_facts f ORDER BY f.attempt").fetchall()
        for salt, sealed, _ in rows:
            yield open_sealed(self.box.secrets.claim_key, salt, sealed)

    def _crawl(self, side: str, browser: Browser, waiting: list[str]) -> None:
        seen: set[str] = set()
        waiting = ["/", *waiting]
        while waiting and len(seen) < _MOST_PAGES:
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            answer = browser.see(path)
            self.pages[f"{side} {path}"] = answer.body
            more = [each.decode().replace("&amp;", "&") for each in _LEADS_TO.findall(answer.body)]
            waiting += [*more, *([answer.location] if answer.location.startswith("/") else [])]
        assert len(seen) < _MOST_PAGES, "the pages lead on and on"


def open_sealed(key: bytes, salt: bytes, sealed: bytes) -> bytes:
    """What a sealed row holds, without its hash in the journal to compare with."""
    return AESGCM(hkdf.derive(key, erasable._INFO, salt)).decrypt(erasable._NONCE, sealed, None)


def _pressed(page: Answer) -> str:
    found = _PRESS.search(page.body)
    assert found, page.words
    return found[1].decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
