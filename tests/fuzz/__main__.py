"""Coverage-guided search for bytes that a reader does not take well: `python -m tests.fuzz [--seconds N] [--only TARGET] [--keep]`.

Each reader runs in a process of its own, bounded in time and memory; a single input may take five seconds. What breaks
one is kept in its corpus, which every run of the tests reads too, so it stays until it is mended. With `--keep` inputs
that reached something new are kept as well. Needs the fuzzing lock (CPython below 3.14 on x86-64 Linux).
Exit code 1 when something was found.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
from base64 import b64encode
from pathlib import Path

from tests.fuzz import reading, targets

SECONDS = 60
LIMITS = ["-timeout=5", "-rss_limit_mb=768", f"-max_len={reading.MOST_BYTES}", "-print_final_stats=1", "-verbosity=1"]
MOST_KEPT_BYTES = 4096  # of one input
MOST_KEPT_CHARS = 64 * 1024  # of one reader's
FINDINGS = ("crash-", "timeout-", "oom-", "leak-")
STAT = re.compile(r"^stat::(\w+):\s+(\d+)$", re.MULTILINE)


def fuzz(name: str, seconds: int, folder: Path, *, keep: bool) -> tuple[str, list[bytes]]:
    """Fuzz one reader in `folder`; give a line about it and what broke it."""
    begin, new = folder / "begin", folder / "new"
    for place in (begin, new):
        place.mkdir()
    for number, data in enumerate(targets.corpus(name)):
        (begin / f"{number:05}").write_bytes(data)
    done = _libfuzzer(
        name, [f"-max_total_time={seconds}", f"-artifact_prefix={folder}/", str(new), str(begin)], seconds
    )
    found = [path.read_bytes() for path in sorted(folder.iterdir()) if path.name.startswith(FINDINGS)]
    if found or keep:
        _write(name, found, [*targets.corpus(name), *(path.read_bytes() for path in new.iterdir() if keep)])
    stats = {key: int(value) for key, value in STAT.findall(done.stderr)}
    if done.returncode and not found:
        return f"{name:12} did not run:\n{done.stderr[-2000:]}", [b""]
    runs, memory = stats.get("number_of_executed_units", 0), stats.get("peak_rss_mb", 0)
    said = f"{name:12} {runs:>10} inputs  {len(list(new.iterdir())):>5} reached something new  {memory:>4} MiB at most"
    return said + (f"  BROKEN by {len(found)}:\n{done.stderr[-3000:]}" if found else ""), found


def _libfuzzer(name: str, options: list[str], seconds: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz.one", name, *LIMITS, *options]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=2 * seconds + 300,
    )


def _write(name: str, found: list[bytes], others: list[bytes]) -> None:
    """Keep what broke the reader; of the others what it does not begin with anyway, the shortest if they are too many."""
    known = {*found, *targets.TARGETS[name].seeds()}
    short = sorted({data for data in others if data not in known and len(data) <= MOST_KEPT_BYTES}, key=len)
    lines = [b64encode(data).decode() for data in short]
    while sum(map(len, lines)) > MOST_KEPT_CHARS:
        lines.pop()
    lines += [b64encode(data).decode() for data in found]
    targets.KEPT.mkdir(parents=True, exist_ok=True)
    (targets.KEPT / f"{name}.txt").write_text("".join(f"{line}\n" for line in sorted(lines)))


def main() -> int:
    """Fuzz one reader after the other and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"for each reader ({SECONDS})")
    parser.add_argument("--only", action="append", choices=sorted(targets.TARGETS), help="only this reader")
    parser.add_argument("--keep", action="store_true", help="also keep what reached something new")
    asked = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write(
            "The fuzzer is not here. It exists for CPython 3.11 to 3.13 on x86-64 Linux; use ./setup.sh bench fuzz there.\n"
        )
        return 1
    broken = 0
    for name in asked.only or targets.TARGETS:
        with tempfile.TemporaryDirectory(prefix="stall-fuzz-") as folder:
            said, found = fuzz(name, asked.seconds, Path(folder), keep=asked.keep)
        sys.stdout.write(said + "\n")
        sys.stdout.flush()
        broken += bool(found)
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
