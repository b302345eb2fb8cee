"""A release: a copy of the project's tree with its own environment, in a folder named for what is in it.

Runs under the system's Python before anything is installed, so it imports the standard library alone. A release is built as
`<name>.part` and renamed when it is whole; what an interrupted run left is cleared by the next. Nothing in it is ever changed
afterwards, so its bytecode says so (PEP 552, unchecked) and no start looks at the sources.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

#: What of the project a release holds; tests and tools stay behind.
FOLDERS = ("docs", "firmware_config", "provisioning", "stall", "static", "systemd", "verify")
FILES = ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "pyproject.toml", "setup.sh")
LOCK = "provisioning/requirements.txt"
PART = ".part"
DIGITS = 12
#: MB a release needs while it is built, measured on x86-64 with CPython 3.13 and rounded up.
ROOM_MB = 400
_VERSION = re.compile(r'^__version__ = "([0-9A-Za-z.+-]{1,40})"$', re.MULTILINE)
_LAUNCHER = """#!{python} -I
from stall.cli import main

main()
"""
_METADATA = "Metadata-Version: 2.1\nName: stall\nVersion: {version}\n"

#: How pip says what went wrong, and what a person reads.
_REASONS = (
    (("No space left on device", "Disk quota exceeded"), "The disk is full. Make room and run this again."),
    (
        ("DO NOT MATCH THE HASHES",),
        "A package is not the one the lock names, so nothing was installed. Make the wheelhouse anew, or run this again later.",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED",),
        "The package index could not prove who it is. Is this machine's date right, or does a proxy stand in between?",
    ),
    (
        (
            "name resolution", "Name or service not known", "Network is unreachable", "NewConnectionError", "NameResolutionError",
            "ConnectTimeout", "Connection refused", "timed out", "No route to host",
        ),
        (
            "No way to the package index. Connect this machine to the internet for the installation, or take a folder made by"
            " `./setup.sh wheelhouse` with --wheelhouse."
        ),
    ),
    (
        ("No matching distribution found", "Could not find a version"),
        "A package of the lock is not there for this Python and machine. Make the wheelhouse for them: `./setup.sh wheelhouse --help`.",
    ),
)  # fmt: skip


class Failed(Exception):
    """It was not built; the text is the one sentence to say."""


def version(source: Path) -> str:
    """The version of a tree."""
    found = _VERSION.search((source / "stall/__init__.py").read_text("utf-8"))
    if found is None:
        raise Failed(f"{source} holds no version of the stall. Take the whole folder of the project.")
    return found[1]


def tree(source: Path) -> Iterator[str]:
    """Every file and link of a tree that belongs into a release, by path."""
    for name in FILES:
        if (source / name).is_file():
            yield name
    for folder in FOLDERS:
        for here, below, names in os.walk(source / folder):
            below[:] = sorted(name for name in below if _belongs(name))
            links = [name for name in below if (Path(here) / name).is_symlink()]
            for name in sorted([*filter(_belongs, names), *links]):
                yield (Path(here) / name).relative_to(source).as_posix()


def _belongs(name: str) -> bool:
    return not (name.startswith(".") or name == "__pycache__" or name.endswith((".pyc", ".pyo", "~")))


def identity(source: Path) -> str:
    """The name of the release that a tree gives under this Python on this machine: `<version>-<12 hex>`."""
    hashed = hashlib.sha256(f"{sys.version_info[0]}.{sys.version_info[1]} {platform.machine()}\n".encode())
    for path in tree(source):
        place = source / path
        if place.is_symlink():
            line = f"{path} -> {place.readlink()}"
        else:
            runs = "x" if place.stat().st_mode & 0o100 else "-"
            line = f"{path} {runs} {hashlib.sha256(place.read_bytes()).hexdigest()}"
        hashed.update(f"{line}\n".encode())
    return f"{version(source)}-{hashed.hexdigest()[:DIGITS]}"


def build(source: Path, releases: Path, wheelhouse: Path | None) -> Path:
    """Build the release of `source` below `releases`, or find it there. Raises Failed and OSError."""
    name = identity(source)
    whole = releases / name
    if whole.is_dir():
        return whole
    releases.mkdir(mode=0o755, parents=True, exist_ok=True)
    with _alone(releases):
        if not whole.is_dir():
            _build(source, whole, wheelhouse)
    return whole


@contextlib.contextmanager
def _alone(releases: Path) -> Iterator[None]:
    """Nobody else builds meanwhile, nor do the programs of a run that was killed go on: they hold the lock too. Raises Failed."""
    descriptor = os.open(releases, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.set_inheritable(descriptor, True)
        yield
    except BlockingIOError:
        raise Failed(
            "Somebody else builds a release right now. Wait until that is done, then run this again."
        ) from None
    finally:
        os.close(descriptor)


def _build(source: Path, whole: Path, wheelhouse: Path | None) -> None:
    for left in whole.parent.glob(f"*{PART}"):
        shutil.rmtree(left)
    if wheelhouse is not None:
        check_wheelhouse(source, wheelhouse)
    part = whole.with_name(f"{whole.name}{PART}")
    try:
        _copy(source, part)
        _environment(part, whole, wheelhouse)
        _close_to_others(part)
        os.sync()
        part.rename(whole)
        os.sync()
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def check_wheelhouse(source: Path, wheelhouse: Path) -> None:
    """Say what a wheelhouse was made for, where that is not this machine. Raises Failed."""
    try:
        told = json.loads((wheelhouse / "wheelhouse.json").read_bytes())
        python, machine, lock = told["python"], told["machine"], told["lock"]
    except (OSError, ValueError, KeyError, TypeError):
        raise Failed(f"{wheelhouse} is no wheelhouse: make one with `./setup.sh wheelhouse DIR`.") from None
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if (python, machine) != (here, platform.machine()):
        raise Failed(
            f"The wheelhouse is for Python {python} on {machine}; this machine has Python {here} on {platform.machine()}."
            f" Make one with: ./setup.sh wheelhouse DIR --python {here} --arch {platform.machine()}"
        )
    if lock != hashlib.sha256((source / LOCK).read_bytes()).hexdigest():
        raise Failed(
            "The wheelhouse belongs to another version of the stall. Make it anew with `./setup.sh wheelhouse DIR`."
        )


def _copy(source: Path, part: Path) -> None:
    part.mkdir(mode=0o755)
    for path in tree(source):
        target = part / path
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.copy2(source / path, target, follow_symlinks=False)


def _environment(part: Path, whole: Path, wheelhouse: Path | None) -> None:
    """The environment, with the system's Python behind a link: so its security fixes arrive by apt."""
    place = part / ".venv"
    _run([sys.executable, "-I", "-m", "venv", "--symlinks", str(place)], "Python could not make an environment")
    python = place / "bin/python"
    where = ["--no-index", "--find-links", str(wheelhouse)] if wheelhouse else ["--retries", "2"]
    options = ["--quiet", "--no-compile", "--only-binary=:all:", "--require-hashes", "--no-deps"]
    lock = ["-r", str(part / LOCK)]
    _run([str(python), "-I", "-m", "pip", "install", *options, *where, *lock], "pip could not install the packages")
    (packages,) = (place / "lib").glob("python3.*/site-packages")
    for tool in (*packages.glob("pip"), *packages.glob("pip-*.dist-info")):
        shutil.rmtree(tool)
    _install_project(part, packages)
    for script in (place / "bin").iterdir():
        if not script.name.startswith("python"):
            script.unlink()
    launcher = place / "bin/stall"
    launcher.write_text(_LAUNCHER.format(python=whole / ".venv/bin/python"))
    launcher.chmod(0o755)
    compiling = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(part), "-p", str(whole)]
    _run(
        [str(python), "-I", *compiling, str(place / "lib"), str(part / "stall")], "Python could not compile the release"
    )


def _install_project(part: Path, packages: Path) -> None:
    """What pip would do with a wheel of ours, in three lines of its own: a path, and the name and version of what lies there."""
    (packages / "stall.pth").write_text(f"{os.path.relpath(part, packages)}\n")
    about = packages / f"stall-{version(part)}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(_METADATA.format(version=version(part)))
    (about / "INSTALLER").write_text("setup.sh\n")


def _close_to_others(part: Path) -> None:
    """Owned by whoever builds (root), readable by all, writable by nobody else."""
    for here, folders, files in os.walk(part):
        Path(here).chmod(0o755)
        for name in (*folders, *files):
            path = Path(here) / name
            if os.geteuid() == 0:
                os.chown(path, 0, 0, follow_symlinks=False)
            if path.is_file() and not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _run(command: list[str], what: str) -> None:
    environment = {**os.environ, "PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, close_fds=False,  # with them the lock
    )  # fmt: skip
    if done.returncode == 0:
        return
    sys.stderr.write(done.stdout)
    for signs, sentence in _REASONS:
        if any(sign in done.stdout for sign in signs):
            raise Failed(sentence)
    raise Failed(f"{what}; its own words are above.")


def main() -> int:
    """`name SOURCE` prints the name of its release, `build SOURCE RELEASES [--wheelhouse DIR]` its folder."""
    asked = argparse.ArgumentParser(prog="release")
    asked.add_argument("what", choices=("name", "build"))
    asked.add_argument("source", type=Path)
    asked.add_argument("releases", type=Path, nargs="?")
    asked.add_argument("--wheelhouse", type=Path)
    given = asked.parse_args()
    os.umask(0o022)
    try:
        if given.what == "name":
            sys.stdout.write(f"{identity(given.source)}\n")
        else:
            sys.stdout.write(f"{build(given.source, given.releases, given.wheelhouse)}\n")
    except Failed as failed:
        sys.stderr.write(f"stall: {failed}\n")
        return 1
    except OSError as error:
        full = (
            "The disk is full. Make room and run this again."
            if error.errno in {28, 122}
            else f"{error.strerror}: {error.filename}."
        )
        sys.stderr.write(f"stall: {full}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("stall: interrupted; nothing was changed, and the next run begins anew.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
