from __future__ import annotations

import json
import socket
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from stall.cloud import folder, serve
from stall.cloud.database import open_sqlite
from stall.commands.cloud import cloud as command
from stall.errors import Broken, Refused, StallError
from stall.wire import b64, keys
from tests.cloud.boxes import CREATOR

STRANGER = keys.SigningKey.from_seed(bytes([66]) * 32)


def test_init_makes_a_key_and_a_token_nobody_else_can_read(tmp_path: Path) -> None:
    made = folder.init(tmp_path / "cloud", CREATOR.did)
    for name in ("keys/cloud.key", "owner.token", "cloud.json"):
        assert stat.S_IMODE((made.path / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((made.path / "keys").stat().st_mode) == 0o700
    assert len(made.token) >= 43
    assert made.name.endswith(made.key.thumbprint[:12])


def test_journals_are_read_with_the_token_and_not_from_the_disk_by_others(tmp_path: Path) -> None:
    made = folder.init(tmp_path / "cloud", CREATOR.did)
    open_sqlite(made.database).close()
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(made.database.stat().st_mode) == 0o600


def test_an_interrupted_init_is_done_again(tmp_path: Path) -> None:
    made = folder.init(tmp_path / "cloud", CREATOR.did)
    (made.path / "cloud.json").unlink()
    assert folder.init(made.path, CREATOR.did).key.public != made.key.public


def test_a_folder_serves_one_creator(tmp_path: Path) -> None:
    made = folder.init(tmp_path / "cloud", CREATOR.did)
    with pytest.raises(Refused, match="cloud-other-creator"):
        folder.init(made.path, STRANGER.did)
    assert folder.load(made.path).creator == CREATOR.did


def test_a_creator_must_be_a_did(tmp_path: Path) -> None:
    with pytest.raises(StallError, match="did-malformed"):
        folder.init(tmp_path / "cloud", "alice")
    assert not (tmp_path / "cloud").exists()


def test_a_folder_that_is_no_cloud_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="stall cloud init"):
        folder.load(tmp_path)


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Broken, match="cloud-folder"):
        folder.init(tmp_path / "file" / "cloud", CREATOR.did)


@pytest.mark.parametrize("name", ["cloud.json", "keys/cloud.key"])
def test_a_damaged_file_is_said_plainly(tmp_path: Path, name: str) -> None:
    made = folder.init(tmp_path / "cloud", CREATOR.did)
    (made.path / name).write_bytes(b'{"half":')
    with pytest.raises(Broken, match="cloud-folder-damaged"):
        folder.load(made.path)


def test_a_file_that_is_no_database_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "cloud.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(Broken, match="cloud-database"):
        open_sqlite(tmp_path / "cloud.sqlite")


def test_a_taken_port_is_said_plainly() -> None:
    with serve.listen("127.0.0.1", 0) as first, pytest.raises(Refused, match="port-in-use"):
        serve.listen("127.0.0.1", first.getsockname()[1])


def test_an_address_that_is_not_ours_is_said_plainly() -> None:
    with pytest.raises(Refused, match="address-refused"):
        serve.listen("203.0.113.1", 0)
    assert socket.has_ipv6
    serve.listen("::1", 0).close()


def test_the_command_prints_what_a_box_needs(tmp_path: Path) -> None:
    args = ["init", "--data", str(tmp_path / "cloud"), "--creator-did", CREATOR.did]
    told = json.loads(CliRunner().invoke(command, [*args, "--json"]).stdout)
    made = folder.load(tmp_path / "cloud")
    assert (told["name"], told["public"], told["did"]) == (made.name, b64.encode(made.key.public), made.key.did)
    plain = CliRunner().invoke(command, args)
    assert plain.exit_code == 0
    assert f'public = "{told["public"]}"' in plain.stdout
    assert made.token not in plain.stdout


def test_the_command_without_a_folder_is_a_usage_error() -> None:
    assert CliRunner().invoke(command, []).exit_code == 2
