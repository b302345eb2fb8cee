"""`setup.sh install` and `wheelhouse` against stand-ins for the system: what they refuse, all at once and in clear words."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.machine import ROOT, Machine

TOOLS = ("getconf", "uname", "tr", "basename", "readlink", "mktemp", "rmdir")
OS_RELEASE = 'ID=debian\nVERSION_ID="13"\n'
BUILT = "BUILD_MS = 1_793_491_200_000\n"


class Pi(Machine):
    """A machine that the appliance fits on, but for what a test takes away."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.system = folder / "system"
        shutil.copy(ROOT / "provisioning/install.sh", self.project / "provisioning")
        (self.project / "provisioning/packages.txt").write_text("# why\nnginx-light  sends files\nhostapd  Wi-Fi\n")
        self.put(self.project / "stall/clock.py", BUILT)
        self.put(self.system / "etc/os-release", OS_RELEASE)
        self.put(self.system / "proc/meminfo", "MemTotal:        948000 kB\n")
        self.put(self.system / "proc/mounts", "/dev/mmcblk0p2 / ext4 rw 0 0\n")
        (self.system / "run/systemd/system").mkdir(parents=True)
        (self.system / "usr/bin").mkdir(parents=True)
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or "")
        self.command("uname", "#!/bin/sh\necho aarch64\n")
        self.command("df", "#!/bin/sh\necho head; echo disk 1 1 9000000 1 /\n")
        self.command(
            "dpkg-query", '#!/bin/sh\nfor name; do :; done\n[ -e "${LOG%/log}/has-$name" ] && echo installed\n'
        )
        self.command("systemctl", '#!/bin/sh\necho "systemctl $*" >>"$LOG"\n')
        self.packages("nginx-light", "hostapd")
        self.user(0)
        self.system_python()

    def packages(self, *names: str) -> None:
        for name in names:
            (self.log.parent / f"has-{name}").touch()

    def put(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def system_python(self) -> None:
        """One that says the release's name, and builds a release that writes down how it is called."""
        self.command("python-here", PYTHON)
        (self.system / "usr/bin/python3").symlink_to(self.bin / "python-here")

    def install(self, *arguments: str) -> tuple[int, str]:
        done = self.run("install", *arguments, STALL_SYSTEM_ROOT=str(self.system))
        return done.returncode, done.stdout + done.stderr


PYTHON = r"""#!/bin/sh
case "$*" in
    *"-c "*) echo "3.13.5 $0" ;;
    *"release name "*) echo 1-aaaaaaaaaaaa ;;
    *"release build "*) echo "build $*" >>"$LOG"
        for folder; do case $folder in */releases) break ;; esac; done
        mkdir -p "$folder/1-aaaaaaaaaaaa/.venv/bin"
        printf '#!/bin/sh\necho "stall $*" >>"$LOG"\n' >"$folder/1-aaaaaaaaaaaa/.venv/bin/stall"
        chmod +x "$folder/1-aaaaaaaaaaaa/.venv/bin/stall"; echo "$folder/1-aaaaaaaaaaaa" ;;
esac
"""


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    return Pi(tmp_path)


def test_all_that_is_wrong_is_said_at_once(pi: Pi) -> None:
    pi.user(1000)
    pi.put(pi.system / "etc/os-release", "ID=fedora\nVERSION_ID=43\n")
    pi.command("uname", "#!/bin/sh\necho armv7l\n")
    pi.put(pi.system / "proc/meminfo", "MemTotal:        200000 kB\n")
    pi.put(pi.system / "proc/mounts", "overlay / overlay rw 0 0\n")
    pi.put(pi.system / "proc/cmdline", "overlayroot=tmpfs:recurse=0\n")
    (pi.system / "run/systemd/system").rmdir()
    pi.command("df", "#!/bin/sh\necho head; echo disk 1 1 100000 1 /\n")
    pi.command("vcgencmd", "#!/bin/sh\necho throttled=0x50001\n")
    pi.put(pi.project / "stall/clock.py", "BUILD_MS = 9_793_491_200_000\n")
    code, said = pi.install()
    assert code == 1
    assert pi.calls() == []
    for words in (
        "only root may install", "but fedora 43", "armv7l system", "systemd does not run", "97 MiB are free", "195 MiB, it needs",
        "too little voltage", "root folder is read-only", "clock of this machine is wrong",
    ):  # fmt: skip
        assert words in said


@pytest.mark.parametrize("version", ['ID=debian\nVERSION_ID="12"\n', 'ID=raspbian\nID_LIKE=debian\nVERSION_ID="13"\n'])
def test_a_pi_with_all_it_needs_is_installed_on(pi: Pi, version: str) -> None:
    pi.put(pi.system / "etc/os-release", version)
    code, said = pi.install("--country", "DE", "--name", "Night Fair", "--now")
    assert code == 0, said
    assert pi.calls()[-1] == "stall appliance apply --now --country DE --name Night Fair"


def test_under_voltage_that_is_over_stops_nothing(pi: Pi) -> None:
    pi.command("vcgencmd", "#!/bin/sh\necho throttled=0x50000\n")
    assert pi.install()[0] == 0


def test_only_missing_packages_are_brought_and_none_of_them_is_started(pi: Pi) -> None:
    (pi.log.parent / "has-hostapd").unlink()
    (pi.bin / "touch").symlink_to(shutil.which("touch") or "")
    pi.apt('case "$*" in *" install "*) touch "${LOG%/log}/has-hostapd" ;; esac')
    code, said = pi.install()
    assert code == 0, said
    calls = pi.calls()
    assert "systemctl mask --runtime --quiet nginx.service hostapd.service dnsmasq.service" in calls
    assert "apt-get -o DPkg::Lock::Timeout=60 install -y -qq --no-install-recommends hostapd" in calls
    assert calls.index("systemctl unmask --runtime --quiet nginx.service hostapd.service dnsmasq.service") > 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("E: Could not get lock /var/lib/dpkg/lock", "Another program installs packages right now"),
        ("Temporary failure resolving 'deb.debian.org'", "No way to the packages of the system. Missing: hostapd."),
        ("E: You don't have enough free space", "The disk is full."),
        ("E: dpkg was interrupted", "Run: sudo dpkg --configure -a"),
        ("E: the moon", "apt-get could not install hostapd"),
    ],
)
def test_when_apt_fails_one_sentence_says_why_and_nothing_is_built(pi: Pi, words: str, sentence: str) -> None:
    (pi.log.parent / "has-hostapd").unlink()
    pi.apt(f'echo "{words}" >&2; exit 100')
    code, said = pi.install()
    assert (code, sentence in said.splitlines()[-1]) == (1, True)
    assert not [call for call in pi.calls() if call.startswith(("build", "stall"))]


def test_check_changes_nothing_and_answers_by_its_exit_code(pi: Pi) -> None:
    pi.user(1000)
    code, said = pi.install("--check")
    assert (code, pi.calls()) == (3, [])
    assert "build release 1-aaaaaaaaaaaa" in said
    pi.user(0)
    pi.install()
    pi.calls()
    assert pi.install("--check")[0] == 0
    assert pi.calls() == ["stall appliance check"]
    (pi.log.parent / "has-hostapd").unlink()
    assert pi.install("--check")[0] == 3


def test_a_release_is_not_even_built_while_the_stall_is_busy(pi: Pi) -> None:
    pi.install()
    current = pi.system / "opt/stall/current"
    pi.put(
        pi.system / "opt/stall/releases/0-old/.venv/bin/stall",
        '#!/bin/sh\necho \'{"busy": "a shift is open at the till"}\'\n',
    )
    (pi.system / "opt/stall/releases/0-old/.venv/bin/stall").chmod(0o755)
    current.symlink_to("releases/0-old")
    pi.calls()
    code, said = pi.install()
    assert (code, "because a shift is open at the till" in said, pi.calls()) == (1, True, [])
    assert pi.install("--now")[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [("--chek",), ("--country",), ("--country", "Germany"), ("--root", "/nowhere"), ("--wheelhouse", "/nowhere"), ("--from", "/nowhere"), ("--purge-data",)],
)  # fmt: skip
def test_wrong_usage_is_exit_2_and_says_how(pi: Pi, arguments: tuple[str, ...]) -> None:
    code, said = pi.install(*arguments)
    assert (code, "Usage: sudo ./setup.sh install" in said, pi.calls()) == (2, True, [])


def test_taking_away_where_there_is_nothing_says_so(pi: Pi) -> None:
    assert pi.install("--uninstall") == (1, "stall: There is no stall on this machine.\n")


def test_no_word_of_the_shell_is_wrong() -> None:
    for shell in filter(shutil.which, ("dash", "bash")):
        subprocess.run([shell, "-n", str(ROOT / "provisioning/install.sh")], check=True)
    for shellcheck in filter(shutil.which, ("shellcheck",)):
        subprocess.run([shellcheck, "-x", "setup.sh", "provisioning/install.sh"], cwd=ROOT, check=True)
