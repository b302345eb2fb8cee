"""A real box and a real cloud that talk HTTP over loopback, with a line between them that can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from stall.cloud import folder, serve, web
from stall.cloud.database import open_sqlite
from stall.cloud.folder import CloudFolder
from stall.flows.accept_document import accept_delegation
from stall.settings import Cloud
from stall.store import journal, uploads
from stall.store.box import Box
from stall.store.uploads import UploadState
from stall.sync.client import CloudClient
from stall.sync.upload import Progress, Uploader
from stall.web.serve import Serving
from stall.wire import b64
from tests.cloud.boxes import delegate
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import Stocked

Fault = Callable[[dict[str, Any], Callable[..., Any], Any], Iterable[bytes]]


def lost_reply(app: Any, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    """The cloud does its work; its answer never arrives."""
    list(app(environ, lambda *_: None))
    start("502 Bad Gateway", [])
    return [b""]


def answering(status: str, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> Any:
    """Somebody in between answers instead of the cloud."""

    def fault(_app: Any, _environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start(status, list(headers))
        return [body]

    return fault


@dataclass
class Line:
    """The cloud's app with faults before it: each request uses up one of `faults`, while there are any."""

    app: Any
    faults: list[Any] = field(default_factory=list)
    always: Any = None
    requests: int = 0

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        if environ["REQUEST_METHOD"] == "POST":
            self.requests += 1
            fault = self.faults.pop(0) if self.faults else self.always
            if fault is not None:
                return fault(self.app, environ, start)
        return self.app(environ, start)


@dataclass
class Pair:
    """Box and cloud, delegated by one creator, and the uploader between them."""

    stall: Stocked
    clock: FakeClock
    cloud: CloudFolder
    reader: FlaskClient
    line: Line
    uploader: Uploader

    @property
    def box(self) -> Box:
        return self.stall.box

    def note(self, count: int = 1, **body: Any) -> None:
        """Journal `count` events; time passes, so that a new checkpoint may be signed."""
        for n in range(count):
            with self.box.db.transaction() as tx:
                tx.append("note", {"n": n, **body})
        self.clock.advance(1500)

    def flush(self) -> None:
        while self.uploader.upload_next() is not Progress.NOTHING_WAITING:
            self.clock.advance(1500)

    def head(self) -> journal.Head:
        return journal.read_head(self.box.db.read())

    def state(self) -> UploadState:
        return uploads.read_state(self.box.db.read(), self.head().epoch_no)

    def remote(self, what: str = "journal") -> Any:
        answer = self.reader.get(
            f"/v1/boxes/{self.box.secrets.signing.thumbprint}/{what}?epoch={self.head().epoch_text}",
            headers={"Authorization": f"Bearer {self.cloud.token}"},
        )
        return answer.json

    def in_step(self) -> bool:
        remote, head = self.remote(), self.head()
        return (remote["size"], remote["root"]) == (head.size, b64.encode(head.frontier.root()))


@pytest.fixture(scope="session")
def stocked_box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stocked") / "box"
    stock.stock(folder, FakeClock())
    return folder


@pytest.fixture
def pair(stocked_box: Path, tmp_path: Path) -> Iterator[Pair]:
    stall = stock.copy(stocked_box, tmp_path / "box")
    box, clock = stall.box, stall.clock
    made = folder.init(tmp_path / "cloud", stock.CREATOR.did)
    with box.db.transaction() as tx:
        accept_delegation(tx, delegate(made.key, stock.CREATOR, role="cloud", cap=("cosign",), max=None))
    database = open_sqlite(made.database)
    app = web.create_app(made, database, lambda: clock.wall)
    line = Line(app)
    sock = serve.listen("127.0.0.1", 0)
    serving = Serving(line, sock, "cloud", 2)
    settings = Cloud(f"http://127.0.0.1:{sock.getsockname()[1]}", made.name, b64.encode(made.key.public))
    with CloudClient(settings.url) as client:
        uploader = Uploader(box.db, box.secrets, settings, client)
        yield Pair(stall, clock, made, app.test_client(), line, uploader)
    serving.stop()
    box.close()
    database.close()
