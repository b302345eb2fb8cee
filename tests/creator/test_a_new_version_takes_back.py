"""A version built on the command line revokes boxes, leases and certificates; a box that imports it stops what is revoked."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stall.cli import main
from stall.creator import ledger, revocations
from stall.creator.keyring import Creator
from stall.errors import Refused, WireError
from stall.store import packfile
from stall.wire import jws, lease, manifest
from stall.wire.keys import SigningKey
from stall.wire.manifest import Revoked
from tests.house.sources import ROOT

BOX = SigningKey.from_seed(bytes([9]) * 32)
OTHER = SigningKey.from_seed(bytes([8]) * 32)
NAME = "A" * 43

Ran = tuple[int, str, str]
Run = Callable[..., Ran]
Build = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command as the shell would; give exit code, standard output and standard error."""

    def go(*arguments: object) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return go


@pytest.fixture
def build(run: Run, own_creator: Creator, folder: Path, tmp_path: Path) -> Build:
    """Build a version of one drop of eight into the file `N.stallpack`, after `N-1.stallpack`."""

    def make(version: int, *more: object) -> Ran:
        after = ("--after", tmp_path / f"{version - 1}.stallpack") if version > 1 else ()
        usual = ("--title", "Night", "--price", "4.50", "--edition", 8, "--out", tmp_path / f"{version}.stallpack")
        return run("pack", "build", folder, "--creator", own_creator.folder, *usual, *after, *more)

    assert make(1)[0] == 0
    return make


@pytest.fixture
def granted(run: Run, build: Build, own_creator: Creator, tmp_path: Path) -> Path:
    """A lease of five of them, as a file."""
    where = ("--creator", own_creator.folder, "--pack", tmp_path / "1.stallpack", "--box", BOX.did)
    out = tmp_path / "box.lease"
    assert run("lease", "issue", *where, "--epoch", "A" * 22, "--count", 5, "--out", out)[0] == 0
    return out


def signed(path: Path) -> manifest.Manifest:
    with packfile.open_pack(path) as opened:
        return opened.manifest


def code_of(ran: Ran) -> str:
    assert (ran[0], ran[1]) == (1, "")
    return ran[2].rpartition("[")[2].rstrip("]\n")


def test_a_box_a_lease_and_a_certificate_are_revoked_from_now_on(build: Build, granted: Path, tmp_path: Path) -> None:
    before = int(time.time())
    named = ("--revoke-box", BOX.did, "--revoke-lease", granted, "--revoke-certificate", NAME)
    code, out, _ = build(2, *named)
    assert code == 0
    name = jws.token_hash(granted.read_text().strip())
    found = signed(tmp_path / "2.stallpack").revoked
    assert [(one.kind, one.ref) for one in found] == [("box", BOX.thumbprint), ("lease", name), ("cert", NAME)]
    assert all(before <= one.at <= int(time.time()) for one in found)
    assert "This version revokes for good:\n" in out
    assert f"\n  box {BOX.thumbprint} from 20" in out
    assert f"\n  lease {name} from 20" in out
    assert f"\n  certificate {NAME}\n" in out
    assert "import it on every box of yours" in out


def test_the_next_version_carries_on_what_was_revoked_and_may_add_to_it(build: Build, tmp_path: Path) -> None:
    build(2, "--revoke-box", BOX.did, "--revoked-from", "2026-01-02 03:04")
    assert "revoked: 1 in all" in build(3)[1]
    code, out, _ = build(4, "--revoke-box", OTHER.thumbprint, "--json")
    assert code == 0
    first = {"kind": "box", "ref": BOX.thumbprint, "at": 1_767_323_040}
    assert signed(tmp_path / "3.stallpack").revoked == (Revoked(**first),)  # type: ignore[arg-type] # as JSON has it
    assert [json.loads(out)["revoked"][0], json.loads(out)["revoked"][1]["ref"]] == [first, OTHER.thumbprint]


def test_a_lease_is_named_by_its_file_its_name_or_the_jti_that_receipts_have(
    build: Build, granted: Path, own_creator: Creator, tmp_path: Path
) -> None:
    token = granted.read_text().strip()
    jti = lease.verify(token, {own_creator.key.thumbprint: own_creator.key.public}).jti
    for version, given in enumerate((granted, jws.token_hash(token), jti), start=2):
        (own_creator.folder / "was").write_bytes((own_creator.folder / ledger.FILE).read_bytes())
        assert build(2, "--revoke-lease", given)[0] == 0, given
        assert signed(tmp_path / "2.stallpack").revoked[0].ref == jws.token_hash(token)
        (tmp_path / "2.stallpack").rename(tmp_path / f"kept-{version}")
        (own_creator.folder / "was").replace(own_creator.folder / ledger.FILE)


@pytest.mark.parametrize(
    ("named", "code"),
    [
        (("--revoke-box", "nobody"), "recipient-unknown"),
        (("--revoke-box", "A" * 42 + "B"), "revoke-malformed"),
        (("--revoke-lease", NAME), "revoke-unknown-lease"),
        (("--revoke-lease", "A" * 22), "revoke-unknown-lease"),
        (("--revoke-lease", "A" * 42), "revoke-malformed"),
        (("--revoke-lease", __file__), "revoke-wrong-paper"),
        (("--revoke-certificate", "A" * 44), "revoke-malformed"),
        (("--revoke-certificate", __file__), "revoke-wrong-paper"),
        (("--revoke-box", BOX.did, "--revoke-box", BOX.thumbprint), "revoke-again"),
        (("--revoke-box", BOX.did, "--revoked-from", "yesterday"), "time-malformed"),
        (("--revoke-box", BOX.did, "--revoked-from", "2999-01-01 00:00"), "revoke-later"),
    ],
)
def test_what_cannot_be_revoked_is_refused_and_nothing_is_signed(
    build: Build, tmp_path: Path, named: tuple[str, ...], code: str
) -> None:
    assert code_of(build(2, *named)) == code
    assert not (tmp_path / "2.stallpack").exists()


def test_what_is_revoked_already_is_said_with_the_time_it_has(build: Build) -> None:
    build(2, "--revoke-box", BOX.did, "--revoked-from", "2026-01-02 03:04")
    ran = build(3, "--revoke-box", BOX.did)
    assert "from 2026-01-02 03:04 UTC on" in ran[2]
    assert code_of(ran) == "revoke-again"


def test_a_first_version_revokes_nothing(run: Run, own_creator: Creator, folder: Path, tmp_path: Path) -> None:
    usual = ("--title", "Night", "--price", "4.50", "--out", tmp_path / "p.stallpack")
    ran = run("pack", "build", folder, "--creator", own_creator.folder, *usual, "--revoke-box", BOX.did)
    assert "--after" in ran[2]
    assert code_of(ran) == "revoke-needs-after"


def test_a_time_without_anything_to_revoke_is_a_usage_error(build: Build) -> None:
    assert build(2, "--revoked-from", "2026-01-02 03:04")[0] == 2


def test_the_creators_own_key_is_no_box(build: Build, own_creator: Creator) -> None:
    assert code_of(build(2, "--revoke-box", own_creator.did)) == "revoke-not-yours"


def test_another_creators_lease_is_refused(build: Build, granted: Path, own_creator: Creator) -> None:
    given = lease.verify(granted.read_text().strip(), {own_creator.key.thumbprint: own_creator.key.public})
    other = {**lease.claims(given), "iss": OTHER.thumbprint}
    granted.write_text(lease.sign(OTHER, lease.parse(other)))
    assert build(2, "--revoke-lease", granted)[0] == 1


def test_a_certificate_is_named_by_the_file_its_buyer_has(own_creator: Creator, tmp_path: Path) -> None:
    vectors = json.loads((ROOT / "tests/wire/vectors/certificate.json").read_text())
    theirs = SigningKey.from_seed(bytes.fromhex(vectors["keys"]["creator"]["seed"]))
    signer = dataclasses.replace(own_creator, public=theirs.public, key=theirs)
    (tmp_path / "cert.json").write_text(json.dumps(vectors["valid"][0]["document"]))
    found = revocations.read(signer, "cert", str(tmp_path / "cert.json"), 7)
    assert found == Revoked(kind="cert", ref="3npyVvb1mqCuGLzPtMP5cPW1jxNJVF47AXMtz0O9RsA", at=7)
    with pytest.raises(Refused) as refused:
        revocations.read(own_creator, "cert", str(tmp_path / "cert.json"), 7)
    assert refused.value.code == "revoke-not-yours"
    (tmp_path / "cert.json").write_text(json.dumps(vectors["invalid"][0]["document"]))
    with pytest.raises(WireError):
        revocations.read(signer, "cert", str(tmp_path / "cert.json"), 7)


@pytest.fixture
def box(run: Run, own_creator: Creator, folder: Path, tmp_path: Path) -> Path:
    """A box that sells the drop, with its papers made and taken on the command line."""
    data = tmp_path / "box"
    assert run("keys", "new", "box", "--data", data)[0] == 0
    (tmp_path / "box.json").write_text(run("keys", "show", data, "--json")[1])
    where = ("--creator", own_creator.folder, "--box", tmp_path / "box.json")
    assert run("delegate", *where, "--out", tmp_path / "d.jws")[0] == 0
    numbers = ("--pack", tmp_path / "1.stallpack", "--count", 5, "--out", tmp_path / "l.jws")
    assert run("lease", "issue", *where, *numbers)[0] == 0
    assert run("accept", "--data", data, tmp_path / "d.jws")[0] == 0
    assert run("pack", "import", tmp_path / "1.stallpack", "--data", data)[0] == 0
    assert run("accept", "--data", data, tmp_path / "l.jws")[0] == 0
    run("clock", "confirm", "--data", data)  # this machine may not know the time for sure
    assert run("drop", "open", "night", "--data", data)[0] == 0
    return data


def test_a_box_that_imports_the_version_sells_none_of_that_creators_drops(
    run: Run, build: Build, box: Path, tmp_path: Path
) -> None:
    assert run("sell", "night", "--cash", "--data", box)[0] == 0
    assert build(2, "--revoke-box", tmp_path / "box.json")[0] == 0
    assert run("pack", "import", tmp_path / "2.stallpack", "--data", box)[0] == 0
    assert run("sell", "night", "--cash", "--data", box)[0] == 1
    assert code_of(run("drop", "open", "night", "--data", box)) == "box-revoked"


def test_a_box_that_imports_the_version_sells_no_number_of_a_revoked_lease(
    run: Run, build: Build, box: Path, tmp_path: Path
) -> None:
    assert build(2, "--revoke-lease", tmp_path / "l.jws")[0] == 0
    assert run("pack", "import", tmp_path / "2.stallpack", "--data", box)[0] == 0
    assert "0 left here" in run("drop", "status", "night", "--data", box)[1]
    assert run("sell", "night", "--cash", "--data", box)[0] == 1
