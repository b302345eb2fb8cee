"""What one process publishes the others read, until the power goes; nothing of it is needed anywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from stall import runtime


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STALL_RUNTIME", str(tmp_path))
    return tmp_path


def test_what_was_published_is_told_whole(place: Path) -> None:
    runtime.publish("power", {"now": ["undervoltage"]})
    runtime.publish("power", {"now": []})
    assert runtime.told("power") == {"now": []}
    assert [each.name for each in place.iterdir()] == ["power.json"]
    assert (place / "power.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("bytes_found", [b"", b"[1]", b"{", b"\xff", b"[" * 300_000])
def test_a_notice_that_cannot_be_read_tells_nothing(place: Path, bytes_found: bytes) -> None:
    (place / "power.json").write_bytes(bytes_found)
    assert runtime.told("power") == {}


def test_without_a_runtime_folder_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in runtime.VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    runtime.publish("power", {"now": []})
    assert runtime.folder() is None
    assert runtime.told("power") == {}
