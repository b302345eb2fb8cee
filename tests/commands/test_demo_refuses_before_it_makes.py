"""`stall demo` says what is wrong before it makes a folder, and offers no code to scan where none is shown."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.cli import main
from stall.demo import notice
from stall.demo.parts import addresses
from stall.demo.ports import LOOPBACK, Ports
from tests.journey.running import free_base


@pytest.fixture
def base() -> int:
    return free_base()


@pytest.fixture
def busy(base: int) -> Iterator[int]:
    """The base of four ports of which the second is taken."""
    with socket.create_server((LOOPBACK, base + 1)):
        yield base


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["demo", *map(str, arguments)])
    assert ended.value.code == 1
    return capsys.readouterr().err


def test_a_busy_port_leaves_no_folder(tmp_path: Path, busy: int, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "--data", tmp_path / "demo", "--port-base", busy)
    assert said.startswith("error: Port ")
    assert not (tmp_path / "demo").exists()


def test_an_empty_pack_folder_is_said_before_anything_is_signed(
    tmp_path: Path, base: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    said = refused(capsys, "--data", tmp_path / "demo", "--pack", tmp_path / "empty", "--port-base", base)
    assert "[folder-empty]" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "demo").exists()


def test_a_missing_pack_folder_is_said_even_where_a_stall_stands(
    tmp_path: Path, base: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "demo.json").write_text('{"stage":"made","pack":"/elsewhere"}')
    said = refused(capsys, "--data", tmp_path, "--pack", tmp_path / "nothing", "--port-base", base)
    assert "[demo-pack-missing]" in said


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="only Linux has a folder in which nobody can make one")
def test_a_place_where_no_folder_can_be_made_is_called_that(base: int, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "--data", "/proc/stall-demo", "--port-base", base)
    assert "No folder can be made at /proc/stall-demo" in said


@pytest.mark.parametrize(("code", "words"), [("drawn", "Scan the code"), (None, "Open http://192.0.2.7:8000")])
def test_a_code_is_offered_only_where_one_is_shown(
    monkeypatch: pytest.MonkeyPatch, code: str | None, words: str
) -> None:
    monkeypatch.setattr(notice, "scannable", lambda text: code)
    ports = Ports.from_base(8000)
    said = notice.opened(addresses(ports, "192.0.2.7"), ports, "123456", Path("demo"), lan=True, closes_s=1_795_000_000)
    assert words in said
    assert ("Scan the code" in said) is (code is not None)
