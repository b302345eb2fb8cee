"""provisioning/data_partition.sh on the image of a card: what it makes, and everything it will not touch."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from stall.box.config import places
from tests.house.sources import ROOT

pytestmark = pytest.mark.card

SCRIPT = ROOT / "provisioning/data_partition.sh"
SECTOR = 512
BOOT, ROOT_AT, ROOT_SECTORS = 8192, 204_800, 409_600  # the root 200 MiB
GB = 10**9
PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


def tool(*command: str, given: str = "") -> str:
    done = subprocess.run(command, input=given, text=True, capture_output=True, check=True, env={"PATH": PATH})
    return done.stdout


def card(folder: Path, gb: int, table: str = "", kind: str = "ext4") -> Path:
    """An image like Raspberry Pi OS just after it was written; a hole but for what is in it."""
    image = folder / "card.img"
    with image.open("wb") as file:
        file.truncate(gb * GB)
    table = table or f"label: dos\n{BOOT},{ROOT_AT - BOOT},c\n{ROOT_AT},{ROOT_SECTORS},83\n"
    tool("sfdisk", "-q", str(image), given=table)
    where = f"offset={ROOT_AT * SECTOR}"
    if kind == "ext4":
        files = folder / "files"
        files.mkdir()
        (files / "hostname").write_text("raspberrypi\n" * 5000)
        tool("mkfs.ext4", "-q", "-F", "-d", str(files), "-E", where, str(image), f"{ROOT_SECTORS // 2}k")
    return image


def run(image: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPT), *more, str(image)], text=True, capture_output=True, check=False, timeout=50
    )


def partitions(image: Path) -> list[tuple[int, int, str]]:
    """Start, size and type of each."""
    found = re.findall(r"start= *(\d+), size= *(\d+), type=(\w+)", tool("sfdisk", "--dump", str(image)))
    return [(int(start), int(size), kind) for start, size, kind in found]


def test_the_root_grows_and_the_rest_is_for_data_without_an_error_in_either(tmp_path: Path) -> None:
    image = card(tmp_path, 12)
    assert run(image).returncode == 0
    boot, root, data = partitions(image)
    assert boot == (BOOT, ROOT_AT - BOOT, "c")
    assert root[0] == ROOT_AT
    assert 8 * GB <= root[1] * SECTOR < 8 * GB + 5_000_000
    assert data[0] == root[0] + root[1]
    assert data[0] % 8192 == 0
    assert 12 * GB - (data[0] + data[1]) * SECTOR < 5_000_000
    for start, size, _ in (root, data):
        at = f"{image}?offset={start * SECTOR}"
        tool("e2fsck", "-f", "-n", at)
        told = dict(re.findall(r"(Block count|Block size): +(\d+)", tool("dumpe2fs", "-h", at)))
        assert int(told["Block count"]) * int(told["Block size"]) == size * SECTOR
    assert image.stat().st_size == 12 * GB
    kept = tool("debugfs", "-R", "cat /hostname", f"{image}?offset={ROOT_AT * SECTOR}")
    assert kept == "raspberrypi\n" * 5000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.img", "files"]
    said = tool("blkid", "-p", "-o", "value", "-s", "LABEL", "--offset", str(data[0] * SECTOR), str(image))
    assert said.strip() == places.DATA_LABEL
    again = run(image)
    assert again.returncode == 1
    assert "has a partition for data already" in again.stderr


@pytest.mark.parametrize(
    ("gb", "table", "kind", "says"),
    [
        (4, f"label: dos\n{BOOT},{ROOT_AT - BOOT},c\n{ROOT_AT},+,83\n", "ext4", "was started already"),
        (8, "", "ext4", "too few for a root of 8"),
        (12, "", "", "its root is not ext4"),
        (12, "label: gpt\n,100M\n,200M\n", "", "of another kind"),
        (12, f"label: dos\n{BOOT},{ROOT_AT - BOOT},c\n", "", "no two partitions"),
        (12, f"label: dos\n{BOOT},{ROOT_AT - BOOT},83\n{ROOT_AT},{ROOT_SECTORS},83\n", "ext4", "not for the firmware"),
        (12, f"label: dos\n{BOOT},{ROOT_AT - BOOT},c\n{ROOT_AT},{ROOT_SECTORS},7\n", "ext4", "not of Linux"),
        (
            12,
            f"label: dos\n{BOOT},{ROOT_AT - BOOT},c\n{ROOT_AT},{ROOT_SECTORS},83\n,100M,83\n",
            "ext4",
            "more than two",
        ),
    ],
)
def test_any_other_card_is_refused_and_stays_as_it_is(
    tmp_path: Path, gb: int, table: str, kind: str, says: str
) -> None:
    image = card(tmp_path, gb, table, kind)
    before = (partitions(image), image.stat().st_mtime_ns)
    done = run(image)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (partitions(image), image.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("/dev/null", "neither a card nor an image"),
        ("/nowhere/at-all", "is not there"),
        ("plain", "no table of partitions"),
    ],
)
def test_what_is_no_card_is_refused(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "plain").write_bytes(bytes(4096))
    done = run(tmp_path / name)
    assert done.returncode == 1
    assert says in done.stderr


def test_wrong_usage_is_said(tmp_path: Path) -> None:
    for arguments in (["--root-gb", "3"], ["--root-gb", "x"], ["--root", "8"]):
        assert run(tmp_path / "card.img", *arguments).returncode == 2
