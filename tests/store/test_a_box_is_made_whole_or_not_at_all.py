"""Whatever stops the making of a box, the next try makes it, with the same keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from stall import app
from stall.errors import Refused
from stall.store import create, journal, secrets
from tests.fakes.clock import FakeClock


def test_stopped_before_its_first_event_it_can_be_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(create, "_first_epoch", stop)
        with pytest.raises(KeyboardInterrupt):
            app.create_box(tmp_path / "box", clock=FakeClock())
    assert not (tmp_path / "box" / "stall.sqlite").exists()
    kept = secrets.load(tmp_path / "box" / "keys").signing.thumbprint
    made = app.create_box(tmp_path / "box", clock=FakeClock())
    assert made.thumbprint == kept
    box = app.open_box(tmp_path / "box", clock=FakeClock())
    assert journal.read_head(box.db.read()).size == 1
    box.close()


def test_a_box_is_never_made_over_another(tmp_path: Path) -> None:
    app.create_box(tmp_path / "box", clock=FakeClock())
    with pytest.raises(Refused) as refusal:
        app.create_box(tmp_path / "box", clock=FakeClock())
    assert refusal.value.code == "box-exists"


def test_its_secrets_are_for_its_owner_alone(tmp_path: Path) -> None:
    app.create_box(tmp_path / "box", clock=FakeClock())
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "box" / "keys").iterdir()}
    assert modes == {"box.key": 0o600, "claim.key": 0o600, "link.key": 0o600}
    assert (tmp_path / "box" / "stall.sqlite").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "box" / "keys").stat().st_mode & 0o777 == 0o700
