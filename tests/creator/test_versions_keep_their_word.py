"""A new version of a drop keeps what was leased, says what it changes, and renames no limited drop by a slip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stall.cli import main
from stall.creator import delegations, leases, packs
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack, PackOptions
from stall.errors import Refused
from stall.wire.keys import SigningKey

NOW_S = 1_795_000_000
BOX = SigningKey.from_seed(bytes([9]) * 32)
EPOCH = "A" * 22

Sign = Callable[..., BuiltPack]


@pytest.fixture
def sign(own_creator: Creator, folder: Path, tmp_path: Path) -> Sign:
    """Build a version of a drop of eight."""

    def build(name: str, **changes: object) -> BuiltPack:
        times = {"opens_s": NOW_S, "closes_s": NOW_S + 86_400}
        usual: dict[str, object] = {"title": "Night", "price_minor": 450, "edition": 8, **times}
        options = PackOptions(**{**usual, **changes})  # type: ignore[arg-type] # as PackOptions checks
        return packs.build(folder, tmp_path / name, own_creator, options, now_s=NOW_S)

    return build


def lease(creator: Creator, pack: BuiltPack, **how: object) -> None:
    leases.issue(creator, pack.token, BOX.thumbprint, EPOCH, now_s=NOW_S, **how)  # type: ignore[arg-type] # as given


def refused(doing: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as raised:
        doing()
    return raised.value


def test_an_edition_does_not_shrink_below_a_number_that_is_leased(
    sign: Sign, own_creator: Creator, tmp_path: Path
) -> None:
    first = sign("1")
    lease(own_creator, first, numbers=[(1, 2), (4, 5)])
    said = refused(lambda: sign("2", edition=2, after=first.token))
    assert said.code == "pack-edition-leased"
    assert "4-5. Give --edition 5 or more" in said.sentence
    assert not (tmp_path / "2").exists()
    assert sign("2", edition=5, after=first.token).manifest.drop.edition == 5


def test_an_edition_whose_numbers_a_cloud_leases_stays_as_it_is(sign: Sign, own_creator: Creator) -> None:
    first = sign("1")
    delegations.delegate(own_creator, BOX.did, "cloud", now_s=NOW_S, caps=["lease"])
    assert refused(lambda: sign("2", edition=7, after=first.token)).code == "pack-edition-cloud"
    assert sign("2", after=first.token).manifest.ver == 2


def test_an_older_pack_leases_nothing_that_a_newer_version_left_out(sign: Sign, own_creator: Creator) -> None:
    first = sign("1")
    sign("2", edition=5, after=first.token)
    said = refused(lambda: lease(own_creator, first, numbers=[(5, 6)]))
    assert said.code == "lease-taken"
    assert "above its edition of 5. Lease others: 1-5 are free." in said.sentence
    assert refused(lambda: lease(own_creator, first, count=6)).code == "lease-too-few"
    lease(own_creator, first, count=5)


def test_a_limited_drop_is_not_renamed_by_a_wrong_after(sign: Sign, tmp_path: Path) -> None:
    first = sign("1")
    said = refused(lambda: sign("2", title="Open set", after=first.token))
    assert said.code == "pack-renamed"
    assert "“Night”" in said.sentence
    assert not (tmp_path / "2").exists()
    assert sign("2", title="Open set", rename=True, after=first.token).manifest.drop.title == "Open set"


def test_an_open_drop_may_be_renamed(sign: Sign) -> None:
    first = sign("1", edition=None)
    assert sign("2", title="Open set", edition=None, after=first.token).manifest.ver == 2


def test_what_a_version_changes_is_said_line_by_line_before_it_is_signed(
    own_creator: Creator, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(version: int, *terms: object) -> str:
        after = ["--after", tmp_path / "1"] if version > 1 else []
        words = ["pack", "build", folder, "--creator", own_creator.folder, "--out", tmp_path / str(version)]
        with pytest.raises(SystemExit):
            main([str(word) for word in (*words, *after, *terms)])
        return capsys.readouterr().out

    build(1, "--title", "Night", "--price", "4.50", "--edition", 8)
    terms = ("--title", "Day", "--rename", "--price", "5", "--currency", "CHF", "--kind", "timed", "--edition", 7)
    said = build(2, *terms)
    assert said.startswith(
        "This version changes:\n  title: Night → Day\n  kind: limited → timed\n  edition: 8 → 7\n  price: €4.50 → 5.00 CHF\n"
    )
    assert said.index("title:") < said.index("Wrote ")


def test_a_version_that_changes_no_term_says_nothing_of_it(
    own_creator: Creator, folder: Path, sign: Sign, tmp_path: Path
) -> None:
    first = sign("1")
    options = PackOptions(
        title="Night", price_minor=450, edition=8, opens_s=NOW_S, closes_s=NOW_S + 9, after=first.token
    )
    assert packs.changes(own_creator, options) == []
