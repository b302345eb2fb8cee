"""`stall delegate` and `stall lease issue` say what the paper gives, what it does not, and where it goes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from stall.cli import main
from stall.creator.keyring import Creator
from stall.wire import delegation
from stall.wire.keys import SigningKey

DELEGATE = SigningKey.from_seed(bytes([9]) * 32).did

Say = Callable[..., str]


@pytest.fixture
def delegate(own_creator: Creator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """Delegate to a key and give what is said, on standard output or error."""

    def go(*more: str) -> str:
        where = ("delegate", "--creator", str(own_creator.folder), "--to", DELEGATE, "--out", str(tmp_path / "d.jws"))
        with pytest.raises(SystemExit):
            main([*where, *more])
        said = capsys.readouterr()
        return said.out + said.err

    return go


@pytest.mark.parametrize(
    ("role", "given", "where"),
    [
        ("box", "receipt, cert, badge, log", "On the box:"),
        ("cloud", "cosign, decline", "On each box that sends its journal to this cloud:"),
        ("signer", "manifest", "On each box that takes packs of this signer, before stall pack import:"),
    ],
)
def test_what_it_may_sign_and_where_the_paper_goes_is_said_by_role(
    delegate: Say, tmp_path: Path, role: str, given: str, where: str
) -> None:
    first, *_, heading, command = delegate("--role", role).splitlines()
    assert first.endswith(f"and sign {given}.")
    assert heading == where
    assert shlex.split(command) == ["stall", "accept", "--data", "BOX", str(tmp_path / "d.jws")]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--cap", "receipt", "--cap", "log"), "Without --cap cert buyers at this box get no certificate."),
        (("--cap", "log"), "Without --cap receipt this box can sell nothing of yours."),
        (
            ("--role", "cloud", "--cap", "lease", "--drop", "night"),
            "this cloud leases the numbers of night; you cannot",
        ),
        (("--role", "cloud", "--cap", "lease"), "this cloud leases the numbers of all your drops; you cannot"),
    ],
)
def test_what_it_takes_away_is_said(delegate: Say, options: tuple[str, ...], told: str) -> None:
    assert told in delegate(*options)


def test_a_delegation_with_all_of_its_role_has_nothing_to_warn_of(delegate: Say) -> None:
    assert len(delegate().splitlines()) == 3


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--days", "200"), "a box's holds for at most 120 days, a cloud's or signer's for at most 400"),
        (("--cap", "lease"), "A box may have these rights only, each once: badge, cert, log, receipt."),
        (
            ("--role", "cloud", "--cap", "cert"),
            "A cloud may have these rights only, each once: cosign, decline, lease.",
        ),
    ],
)
def test_a_refusal_says_what_is_allowed(delegate: Say, options: tuple[str, ...], told: str) -> None:
    said = delegate(*options)
    assert said.startswith("error: ")
    assert told in said


def test_the_help_sorts_the_rights_by_role_and_gives_the_longest_times(delegate: Say) -> None:
    said = " ".join(delegate("--help").split())
    assert "A box: receipt, cert, badge, log; a cloud: cosign, decline, lease; a signer: manifest." in said
    assert "a box at most 120 (90 if not given), a cloud or signer at most 400 (365)" in said


@pytest.mark.parametrize(
    ("called", "more", "signed"),
    [("Night Fair", (), "Night Fair"), ("A\u202eB", (), None), ("Night Fair", ("--name", "Day Fair"), "Day Fair")],
)
def test_a_box_is_called_in_its_certificates_what_its_file_says(
    own_creator: Creator, tmp_path: Path, called: str, more: tuple[str, ...], signed: str | None
) -> None:
    told, out = tmp_path / "box.json", tmp_path / "d.jws"
    told.write_text(json.dumps({"ok": True, "kind": "box", "did": DELEGATE, "name": called}), encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["delegate", "--creator", str(own_creator.folder), "--to", str(told), "--out", str(out), *more])
    key = own_creator.key
    assert delegation.verify(out.read_text().strip(), {key.thumbprint: key.public}).name == signed
