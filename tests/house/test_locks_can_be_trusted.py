"""The locks: every package pinned by hash, no address to fetch from, each of the three for Python a superset of the one before."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.txt", "requirements-test.txt", "requirements-fuzz.txt")
ENTRY = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


@dataclass(frozen=True, slots=True)
class Package:
    version: str
    marker: str
    hashes: int


def read(name: str) -> dict[str, Package]:
    packages: dict[str, Package] = {}
    current = ""
    for line in (ROOT / "provisioning" / name).read_text().splitlines():
        if line.lstrip().startswith("#"):
            continue
        if entry := ENTRY.match(line):
            current = entry["name"]
            assert current not in packages, f"{current} is pinned twice"
            packages[current] = Package(entry["version"], entry["marker"] or "", 0)
        else:
            assert HASH.match(line), f"{name}: neither a pin nor a hash: {line!r}"
            old = packages[current]
            packages[current] = Package(old.version, old.marker, old.hashes + 1)
    return packages


def project() -> dict[str, list[str]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        data = tomllib.load(file)
    wanted = {"runtime": data["project"]["dependencies"], **data["dependency-groups"]}
    return {group: [re.split(r"[ <>=;\[]", line)[0] for line in lines] for group, lines in wanted.items()}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_and_carries_hashes(lock: str) -> None:
    packages = read(lock)
    assert len(packages) > 30
    assert [name for name, package in packages.items() if not package.hashes] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_holds_an_address_or_an_option_or_a_path_of_some_machine(lock: str) -> None:
    text = (ROOT / "provisioning" / lock).read_text()
    assert "://" not in text
    assert "@ " not in text
    assert re.findall(r"^\s*-(?!-hash)", text, re.MULTILINE) == []
    assert re.findall(r"(?:^|\s)/\w+/", text) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_the_build_tools_are_in_every_lock(lock: str) -> None:
    assert {"hatchling", "editables"} <= read(lock).keys()


@pytest.mark.parametrize(("smaller", "larger"), [LOCKS[:2], LOCKS[1:]])
def test_each_lock_holds_the_one_before_in_the_same_versions(smaller: str, larger: str) -> None:
    small, large = read(smaller), read(larger)
    assert {name: large[name].version for name in small} == {name: package.version for name, package in small.items()}


@pytest.mark.parametrize(
    ("lock", "groups"), list(zip(LOCKS, (["runtime"], ["runtime", "test"], ["test", "fuzz"]), strict=True))
)
def test_every_package_the_project_file_names_is_locked(lock: str, groups: list[str]) -> None:
    wanted = {name for group in groups for name in project()[group]}
    assert wanted - read(lock).keys() == set()


def test_the_appliance_gets_no_test_tool() -> None:
    assert set(project()["test"]) & read("requirements.txt").keys() == set()


def test_the_fuzzer_is_only_where_its_wheels_are() -> None:
    assert "atheris" not in read("requirements-test.txt")
    assert "platform_machine == 'x86_64'" in read("requirements-fuzz.txt")["atheris"].marker


def test_the_npm_lock_holds_one_package_by_its_hash_and_no_place_to_fetch_it_from() -> None:
    folder = ROOT / "tests/interop/jose"
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert packages.pop("")["dependencies"] == wanted
    assert packages.keys() == {"node_modules/jose"}
    (locked,) = packages.values()
    assert wanted == {"jose": locked["version"]}
    assert locked["integrity"].startswith("sha512-")
    assert "resolved" not in locked
