"""A cloud for each test: real folder, real SQLite, the real WSGI app, a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from stall.cloud import folder, web
from stall.cloud.database import Database, open_sqlite
from stall.cloud.folder import CloudFolder
from stall.wire import canonical
from tests.cloud.boxes import CREATOR, NOW_MS, FakeBox


@dataclass
class Cloud:
    folder: CloudFolder
    database: Database
    app: Flask
    http: FlaskClient
    now_ms: int = NOW_MS

    def post(self, box: FakeBox, document: dict[str, Any]) -> Any:
        answer = self.send(box.key.thumbprint, canonical.dumps(document))
        assert answer.status_code == 200, answer.text
        return answer.json

    def send(self, thumbprint: str, body: bytes, **headers: str) -> Any:
        return self.http.post(
            f"/v1/boxes/{thumbprint}/events", data=body, headers={"Content-Type": "application/json", **headers}
        )

    def get(self, box: FakeBox, what: str, **query: Any) -> Any:
        answer = self.http.get(
            f"/v1/boxes/{box.key.thumbprint}/{what}",
            query_string={"epoch": box.epoch, **query},
            headers={"Authorization": f"Bearer {self.folder.token}"},
        )
        assert answer.status_code == 200, answer.text
        return answer.json


def verdicts(answer: Any) -> list[str]:
    return [each["verdict"] for each in answer["verdicts"]]


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = folder.init(tmp_path / "cloud", CREATOR.did)
    database = open_sqlite(made.database)
    app = web.create_app(made, database, lambda: running.now_ms)
    running = Cloud(made, database, app, app.test_client())
    yield running
    database.close()


@pytest.fixture
def box() -> FakeBox:
    return FakeBox()
