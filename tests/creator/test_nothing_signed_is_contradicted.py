"""What a creator signed stands: no second content under one version, no other paper in the place of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from stall.creator import handover, packs
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack, PackOptions
from stall.errors import Refused

NOW_S = 1_795_000_000


@pytest.fixture
def sign(own_creator: Creator, folder: Path, tmp_path: Path) -> Callable[..., BuiltPack]:
    """Build the drop `night` into the named file."""

    def build(name: str, **changes: object) -> BuiltPack:
        usual: dict[str, object] = {"title": "Night", "price_minor": 450, "opens_s": NOW_S, "closes_s": NOW_S + 86_400}
        options = PackOptions(**{**usual, **changes})  # type: ignore[arg-type] # as PackOptions checks
        return packs.build(folder, tmp_path / name, own_creator, options, now_s=NOW_S)

    return build


def code_of(refused: Callable[[], object]) -> str:
    with pytest.raises(Refused) as raised:
        refused()
    return raised.value.code


def test_a_version_is_signed_once_whatever_the_file_is_called(sign: Callable[..., BuiltPack], tmp_path: Path) -> None:
    first = sign("one.stallpack").path.read_bytes()
    with pytest.raises(Refused, match="--after") as refused:
        sign("two.stallpack", price_minor=500)
    assert refused.value.code == "pack-version-signed"
    assert not (tmp_path / "two.stallpack").exists()
    assert (tmp_path / "one.stallpack").read_bytes() == first


def test_every_version_after_the_first_is_signed_once_too(sign: Callable[..., BuiltPack]) -> None:
    first = sign("one.stallpack")
    second = sign("two.stallpack", after=first.token)
    assert code_of(lambda: sign("again.stallpack", after=first.token)) == "pack-version-signed"
    assert sign("three.stallpack", after=second.token).manifest.ver == 3


def test_another_drop_of_the_same_creator_is_not_in_the_way(sign: Callable[..., BuiltPack]) -> None:
    sign("one.stallpack")
    assert sign("two.stallpack", drop_id="night-2").manifest.ver == 1


def test_a_pack_is_not_written_over_a_file(sign: Callable[..., BuiltPack], tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"other things")
    assert code_of(lambda: sign("mine")) == "out-exists"
    assert (tmp_path / "mine").read_bytes() == b"other things"
    assert sign("one.stallpack").manifest.ver == 1


def test_a_pack_that_could_not_be_written_was_not_signed(sign: Callable[..., BuiltPack], tmp_path: Path) -> None:
    assert code_of(lambda: sign("no/such/folder.stallpack")) == "disk-no-folder"
    assert sign("one.stallpack").manifest.ver == 1


def test_a_paper_is_not_written_over_a_file_or_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    handover.write(tmp_path / "paper", "a.b.c")
    for name in ("paper", "link"):
        assert code_of(partial(handover.write, tmp_path / name, "d.e.f")) == "out-exists"
    assert (tmp_path / "paper").read_text() == "a.b.c\n"
