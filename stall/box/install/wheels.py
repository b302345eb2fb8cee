"""A wheelhouse: every package of the lock as a wheel for another Python and machine, checked by its hash, and a note what it is for.

Runs under the Python of an environment made for it, with that one's pip. pip judges the conditions of a lock
(`; sys_platform == …`) by the machine it runs on, so they are judged here, by the one the wheels are for.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

MACHINES = ("aarch64", "x86_64")
#: glibc of Debian 12 is 2.36: whatever was built for that or less runs there and on Debian 13.
GLIBC = range(5, 37)
NOTE = "wheelhouse.json"
_PYTHON = re.compile(r"3\.1[1-4]")


def conditions(python: str, machine: str) -> dict[str, str]:
    """What markers ask for, as the machine the wheels are for would answer (PEP 508)."""
    return {
        "implementation_name": "cpython", "implementation_version": f"{python}.0", "os_name": "posix",
        "platform_machine": machine, "platform_python_implementation": "CPython", "platform_release": "",
        "platform_system": "Linux", "platform_version": "", "python_full_version": f"{python}.0", "python_version": python,
        "sys_platform": "linux", "extra": "",
    }  # fmt: skip


def for_machine(lock: str, python: str, machine: str) -> str:
    """The lines of a lock that hold for a machine, without their conditions."""
    from pip._vendor.packaging.markers import Marker  # noqa: PLC0415 - pip is a tool of the environment this runs in

    kept = []
    for entry in re.split(r"\n(?=[a-z0-9])", lock):
        first, _, hashes = entry.partition("\n")
        requirement, _, marker = first.removesuffix(" \\").partition(" ; ")
        if not marker or Marker(marker).evaluate(conditions(python, machine)):
            kept.append(f"{requirement} \\\n{hashes}")
    return "\n".join(kept)


def platforms(machine: str) -> list[str]:
    """Every name that wheels for this machine may bear."""
    return [f"manylinux_2_{minor}_{machine}" for minor in reversed(GLIBC)] + [f"manylinux2014_{machine}"]


def main() -> int:
    """Fill a folder with wheels."""
    asked = argparse.ArgumentParser(
        prog="./setup.sh wheelhouse", description="Fill DIR with the wheels that `install` needs."
    )
    asked.add_argument("folder", metavar="DIR", type=Path)
    asked.add_argument("--lock", type=Path, required=True, help=argparse.SUPPRESS)
    asked.add_argument("--relative-to", type=Path, default=Path(), help=argparse.SUPPRESS)
    asked.add_argument(
        "--python", default="3.13", help="the Python of the machine: 3.11 (Bookworm), 3.13 (Trixie; default)"
    )
    asked.add_argument(
        "--arch", default="aarch64", choices=MACHINES, help="its processor (default: aarch64, every 64-bit Pi)"
    )
    given = asked.parse_args()
    if not _PYTHON.fullmatch(given.python):
        asked.error("--python is 3.11, 3.12, 3.13 or 3.14")
    folder: Path = given.relative_to / given.folder
    folder.mkdir(parents=True, exist_ok=True)
    lock = given.lock.read_bytes()
    digits = given.python.replace(".", "")
    tags = [f"--platform={name}" for name in platforms(given.arch)]
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Path(scratch) / "requirements.txt"
        wanted.write_text(for_machine(lock.decode(), given.python, given.arch))
        done = subprocess.run(
            [
                sys.executable, "-I", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                "--only-binary=:all:", "--require-hashes", f"--python-version={given.python}", "--implementation=cp",
                f"--abi=cp{digits}", "--abi=abi3", "--abi=none", *tags, "-d", str(folder), "-r", str(wanted),
            ],
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        sys.stderr.write("stall: pip could not fetch every wheel; its own words are above. Is this machine online?\n")
        return 1
    files = {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in sorted(folder.glob("*.whl"))}
    note = {"python": given.python, "machine": given.arch, "lock": hashlib.sha256(lock).hexdigest(), "files": files}
    (folder / NOTE).write_text(json.dumps(note, indent=1) + "\n")
    sys.stderr.write(f"stall: {len(files)} wheels for Python {given.python} on {given.arch} in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
