"""setup.sh against stand-ins for the system: which Python it takes, what it names as missing, what it installs."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.house.machine import ROOT, Machine


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.splitlines()[-1]


def test_it_parses_in_a_plain_posix_shell() -> None:
    for shell in filter(shutil.which, ("dash", "bash", "busybox")):
        arguments = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]
        subprocess.run([*arguments, str(ROOT / "setup.sh")], check=True)


def test_the_newest_python_wins_and_a_shim_without_a_version_behind_it_does_not_count(machine: Machine) -> None:
    machine.command("python3.14", "#!/bin/sh\necho 'pyenv: python3.14: command not found' >&2\nexit 127\n")
    machine.python("python3.13", "3.13.5")
    machine.python("python3.11", "3.11.2")
    done = machine.run("demo")
    assert done.returncode == 0
    assert "found Python 3.13.5" in done.stderr


@pytest.mark.parametrize(
    ("version", "code"), [((3, 10), 11), ((3, 11), 0), ((3, 12), 0), ((3, 14), 0), ((3, 15), 11), ((4, 0), 11)]
)
def test_a_candidate_answers_for_itself_whether_it_will_do(version: tuple[int, int], code: int) -> None:
    probe = (ROOT / "setup.sh").read_text().split("PROBE='")[1].split("'\n")[0]
    pretend = f"import sys; sys.version_info = {(*version, 0, 'final', 0)}\n"
    done = subprocess.run([sys.executable, "-I", "-c", pretend + probe], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stdout.startswith(".".join(map(str, version)))


def test_a_plain_python3_is_enough(machine: Machine) -> None:
    machine.python("python3", "3.12.1")
    assert machine.run("demo").returncode == 0


def test_no_python_at_all_is_one_line_with_the_command_that_brings_it(machine: Machine) -> None:
    machine.apt()
    machine.command("sudo", "#!/bin/sh\nexit 9\n")
    done = machine.run("demo")
    assert done.returncode == 1
    assert done.stderr == "stall: missing: python3-venv. Install with: sudo apt-get install python3-venv\n"
    assert machine.calls() == []


def test_everything_missing_is_named_at_once(machine: Machine) -> None:
    machine.apt()
    done = machine.run("test", CI="true")
    assert done.stderr == (
        "stall: missing: python3-venv git gcc libc6-dev chromium nginx-light iproute2 dnsmasq-base nftables systemd-container debootstrap debian-archive-keyring hostapd systemd procps fdisk e2fsprogs ffmpeg poppler-utils nodejs."
        " Install with: su -c 'apt-get install python3-venv git gcc libc6-dev chromium nginx-light iproute2 dnsmasq-base nftables systemd-container debootstrap debian-archive-keyring hostapd systemd procps fdisk e2fsprogs ffmpeg poppler-utils nodejs'\n"
    )


def test_debians_python_without_venv_is_recognised(machine: Machine) -> None:
    machine.apt()
    machine.python("python3.12", "3.12", code=13)
    done = machine.run("demo")
    assert "found Python 3.12, but without the part that makes environments (venv)" in done.stderr
    assert "venv. Install with: su -c" in last_line(done)


def test_a_python_that_is_too_old_is_named(machine: Machine) -> None:
    machine.apt()
    machine.python("python3", "3.9", code=11)
    done = machine.run("demo")
    assert done.returncode == 1
    assert "found Python 3.9; it needs 3.11 to 3.14" in done.stderr


def test_a_32_bit_system_is_told_so(machine: Machine) -> None:
    machine.python("python3", "", code=12)
    done = machine.run("demo")
    assert done.returncode == 1
    assert "64-bit" in last_line(done)


def test_no_chromium_on_a_laptop_stops_nothing(machine: Machine) -> None:
    machine.python("python3", "3.12.1")
    machine.command("git", "#!/bin/sh\n")
    for tool in ("ruff", "mypy", "lint-imports"):
        machine.command(tool, "#!/bin/sh\n")
    done = machine.run("test")
    assert (
        "without gcc libc6-dev chromium nginx-light iproute2 dnsmasq-base nftables systemd-container debootstrap debian-archive-keyring hostapd systemd procps fdisk e2fsprogs ffmpeg poppler-utils nodejs some tests will be skipped"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("benchmark", "needs"),
    [("claims", "gcc libc6-dev"), ("vm", "gcc libc6-dev qemu-system-x86 cpio debootstrap")],
)
def test_a_benchmark_needs_a_compiler_and_a_virtual_machine_more_but_no_browser(
    machine: Machine, benchmark: str, needs: str
) -> None:
    machine.apt()
    machine.python("python3", "3.12.1")
    machine.command("git", "#!/bin/sh\n")
    done = machine.run("bench", benchmark)
    assert done.returncode == 1
    assert done.stderr == f"stall: missing: {needs}. Install with: su -c 'apt-get install {needs}'\n"


@pytest.mark.parametrize("arguments", [("bench",), ("bench", "everything")])
def test_a_benchmark_nobody_knows_is_wrong_usage(machine: Machine, arguments: tuple[str, ...]) -> None:
    done = machine.run(*arguments)
    assert done.returncode == 2
    assert "claims" in done.stderr.splitlines()[0]


@pytest.mark.parametrize(("arguments", "environment"), [(("demo",), {"CI": "true"}), (("demo", "--system"), {})])
def test_as_root_only_what_is_not_found_is_installed(
    machine: Machine, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    machine.user(0)
    machine.python("hidden", "3.11.2")
    machine.apt('[ "$1" = update ] || ln -s hidden "${LOG%/log}/bin/python3.11"')
    (machine.bin / "ln").symlink_to(shutil.which("ln") or "")
    done = machine.run(*arguments, **environment)
    assert done.returncode == 0, done.stderr
    assert [call for call in machine.calls() if call.startswith("apt-get")] == [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends python3-venv",
    ]


def test_nothing_is_installed_as_root_unasked(machine: Machine) -> None:
    machine.user(0)
    machine.apt()
    assert machine.run("demo").returncode == 1
    assert machine.calls() == []


def test_nothing_is_installed_where_nothing_is_missing(machine: Machine) -> None:
    machine.user(0)
    machine.apt()
    machine.python("python3", "3.13.5")
    assert machine.run("--system", "demo").returncode == 0
    assert not [call for call in machine.calls() if call.startswith("apt-get")]


@pytest.mark.parametrize("arguments", [(), ("dmeo",), ("check", "more"), ("--system",)])
def test_wrong_usage_is_exit_2_and_says_how(machine: Machine, arguments: tuple[str, ...]) -> None:
    done = machine.run(*arguments)
    assert done.returncode == 2
    assert "Usage: ./setup.sh" in done.stderr


def test_check_changes_nothing(machine: Machine) -> None:
    machine.python("python3", "3.12.1")
    machine.command("git", "#!/bin/sh\n")
    done = machine.run("check")
    assert done.returncode == 0
    assert machine.calls() == []
    assert not (machine.project / ".venv").exists()
