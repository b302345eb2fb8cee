"""A stand-in for the machine that setup.sh runs on: a PATH with nothing on it but what a test puts there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# A stand-in interpreter. It answers the probe as told, makes an "environment" that is a copy of itself, and writes
# down every call of pip and of the installed command.
PYTHON = r"""#!/bin/sh
[ "$1" != -I ] || shift
case "$1 ${2:-}" in
    "-c "*version_info*ensurepip*) [ @CODE@ = 0 ] && echo "@ANSWER@ $0" || echo "@ANSWER@"; exit @CODE@ ;;
    "-c "*_base_executable*) echo "base @ANSWER@" ;;
    "-c "*) echo "@ANSWER@" ;;
    "-m venv") shift 2; [ "$1" != --clear ] || { rm -rf "$2"; shift; }
        mkdir -p "$1/bin"; cp "$0" "$1/bin/python"; echo venv >>"$LOG"
        printf '#!/bin/sh\necho "stall $*" >>"$LOG"\necho "{}"\n' >"$1/bin/stall"; chmod +x "$1/bin/stall" ;;
    "-m pip") shift 2; echo "pip $*" >>"$LOG"
        [ -z "${PIP_SAYS:-}" ] || { echo "$PIP_SAYS" >&2; exit 1; } ;;
    *) exit 70 ;;
esac
"""
TOOLS = ["sh", "dirname", "cat", "cmp", "df", "awk", "grep", "rm", "cp", "mkdir", "chmod", "sed", "env", "id", "date"]


class Machine:
    """A folder with a copy of the project's set-up, and a PATH with nothing on it but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "clone"
        self.bin = folder / "bin"
        self.log = folder / "log"
        self.bin.mkdir(parents=True)
        self.log.touch()
        (self.project / "provisioning").mkdir(parents=True)
        shutil.copy(ROOT / "setup.sh", self.project)
        (self.project / "pyproject.toml").write_text("[project]\n")
        for name in ("requirements.txt", "requirements-test.txt"):
            (self.project / "provisioning" / name).write_text("a==1 \\\n    --hash=sha256:00\n")
        for tool in TOOLS:
            path = shutil.which(tool)
            assert path
            (self.bin / tool).symlink_to(path)

    def command(self, name: str, script: str) -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def python(self, name: str, answer: str, code: int = 0) -> None:
        self.command(name, PYTHON.replace("@ANSWER@", answer).replace("@CODE@", str(code)))

    def user(self, uid: int) -> None:
        self.command("id", f"#!/bin/sh\necho {uid}\n")

    def apt(self, effect: str = "") -> None:
        self.command("apt-get", f'#!/bin/sh\necho "apt-get $*" >>"$LOG"\n{effect}\n')

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(self.project / "setup.sh"), *arguments],
            env={"PATH": str(self.bin), "LOG": str(self.log), "STALL_SBIN": str(self.bin), **environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def calls(self) -> list[str]:
        """What ran since the last look."""
        lines = self.log.read_text().splitlines()
        self.log.write_text("")
        return lines
