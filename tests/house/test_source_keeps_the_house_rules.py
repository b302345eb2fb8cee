"""Rules about the source that no linter knows."""

from __future__ import annotations

import ast
import re
import sys

from tests.house.sources import ROOT, imports, modules, tracked

# What a pure module may not touch although it is in the standard library: the world, the clock and the log.
WORLDLY = {
    "asyncio", "builtins", "fcntl", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib", "queue",
    "random", "select", "selectors", "shutil", "signal", "socket", "sqlite3", "subprocess", "sys", "tempfile",
    "threading", "time", "urllib",
}  # fmt: skip
WIRE_LIBRARIES = {"cryptography", "msgspec", "rfc8785"}
CLOCK_CALLS = {
    ("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"),
    ("date", "today"),
}  # fmt: skip
# Who may ask the operating system for the time of day, and why.
CLOCKS = {
    "stall/clock.py": "the box's clock itself",
    "stall/cloud/serve.py": "the cloud's, given to its app from one place",
    "stall/reader/simulated/ledger.py": "the simulated terminal is another machine with a clock of its own",
    "stall/sync/daemon.py": "APScheduler counts in it; it decides only when to look, never what is true",
}
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|NotImplementedError|NotImplemented)\b")
SILENCED = re.compile(r"# ?(?:noqa|type: ?ignore|pragma: no cover)\b(?:: ?[A-Z0-9, ]+|\[[a-z, -]+\])?(?P<reason>.*)")
VAGUE = re.compile(r"(?:^|_)(?:utils?|helpers?|manager|misc|common)(?:_|$)")


def test_domain_is_the_standard_library_alone_and_touches_nothing_of_the_world() -> None:
    allowed = sys.stdlib_module_names - WORLDLY
    for path, tree in modules("stall/domain").items():
        for name, line in imports(tree):
            ours = name == "stall.errors" or name.startswith("stall.domain")
            assert ours or name.split(".")[0] in allowed, f"{path}:{line} imports {name}"


def test_wire_uses_three_libraries_and_touches_nothing_of_the_world() -> None:
    allowed = (sys.stdlib_module_names - WORLDLY) | WIRE_LIBRARIES
    for path, tree in modules("stall/wire").items():
        for name, line in imports(tree):
            ours = name == "stall.errors" or name.startswith(("stall.domain", "stall.wire"))
            assert ours or name.split(".")[0] in allowed, f"{path}:{line} imports {name}"


def test_only_a_clock_reads_the_time_of_day() -> None:
    elsewhere = [
        f"{path}:{node.lineno}"
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in CLOCK_CALLS
        and path.as_posix() not in CLOCKS
    ]
    assert elsewhere == []


def test_every_module_says_what_it_is() -> None:
    for path, tree in modules().items():
        assert ast.get_docstring(tree), f"{path} has no docstring"


def test_no_module_grows_past_what_one_can_hold_in_mind() -> None:
    for path in modules():
        assert len((ROOT / path).read_text().splitlines()) <= 400, f"{path} is longer than 400 lines: split it by noun"


def test_every_module_is_named_for_the_noun_it_explains() -> None:
    for path in modules():
        assert not VAGUE.search(path.stem), f"{path} is named for nothing in particular"


def test_nothing_is_left_unfinished() -> None:
    for path in modules():
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
            assert not UNFINISHED.search(line), f"{path}:{number} {line.strip()}"


def test_every_silenced_check_says_why() -> None:
    without_reason = [
        f"{path}:{number} {line.strip()}"
        for path in [*modules(), *modules("tests")]
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1)
        if (found := SILENCED.search(line)) is not None and not found["reason"].strip(" #-")
    ]
    assert without_reason == []


def test_no_tracked_file_names_a_package_index_or_a_path_of_one_machine() -> None:
    hosts = ["pypi" + ".org", "python" + "hosted", "registry." + "npmjs", "pi" + "wheels"]
    paths = [r"/roo[t]/", r"/home/(?!pi\b|maker\b|<)\w+/", r"/Users/\w+/", r"/wor[k]/"]
    forbidden = re.compile("|".join([*map(re.escape, hosts), *paths]))
    for path in tracked():
        if path.name == "test_source_keeps_the_house_rules.py":
            continue
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        assert forbidden.findall(text) == [], f"{path} names one"


def test_no_large_file_slips_into_the_history() -> None:
    for path in tracked():
        if (
            path.parent.as_posix() == "stall/fonts"
        ):  # vendored whole, or a letter of somebody's name is missing on paper
            continue
        assert (ROOT / path).stat().st_size <= 512 * 1024, f"{path} is larger than 512 KiB"
