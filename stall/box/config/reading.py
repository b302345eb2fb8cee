"""Our own strict reading of files whose programs have no way to be asked: sections and keys, rules of udev, options of modules.

Stricter than those programs, which mostly ignore what they do not know: here it is a fault. What is known is what we use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

#: A line, from 1, and what is wrong there.
Complaint = tuple[int, str]
_SIZE = r"[0-9]+[KMG]?"
_TIME = r"[0-9]+(?:s|min|h)?"
_NAME = r"[A-Za-z][A-Za-z0-9_.-]{0,14}"
#: By file: section, key, what its value looks like.
JOURNALD = {
    "Journal": {
        "Storage": "volatile",
        "RuntimeMaxUse": _SIZE,
        "RuntimeMaxFileSize": _SIZE,
        "Compress": "yes",
        "ForwardToSyslog": "no",
    }
}
TIMESYNCD = {"Time": {"SaveIntervalSec": _TIME, "PollIntervalMaxSec": _TIME, "ConnectionRetrySec": _TIME}}
SYSTEM = {"Manager": {"RuntimeWatchdogSec": _TIME, "RebootWatchdogSec": _TIME, "DefaultTimeoutStopSec": _TIME}}
NETWORK_MANAGER = {
    "keyfile": {"unmanaged-devices": rf"interface-name:{_NAME}(?:;interface-name:p2p-dev-{_NAME})?"},
    "device-stall-lan": {"match-device": rf"interface-name:{_NAME}", "managed": "0"},
}
SWAP = {"Main": {"Mechanism": "none|zram"}}
_SECTION = re.compile(r"\[([A-Za-z-]+)\]")
_PAIR = re.compile(r"([A-Za-z-]+)=(\S*)")
_OPTION = re.compile(r"options [a-z0-9_]+(?: [a-z0-9_]+=[A-Za-z0-9_]+)+")

_TOKEN = re.compile(r'([A-Z_]+)(?:\{([A-Za-z_./]+)\})?(==|!=|\+=|:=|=)"([^"\\]*)"')
#: Keys and what may be done with them.
_RULES = {
    "ACTION": "== !=", "SUBSYSTEM": "== !=", "KERNEL": "== !=", "SYMLINK": "== != +=", "ATTR": "== !=", "ATTRS": "== !=", "DEVTYPE": "== !=",
    "ENV": "== != = +=", "GROUP": "=", "MODE": "=", "TAG": "+=", "GOTO": "=", "LABEL": "=",
}  # fmt: skip
_OF = {"ATTR", "ATTRS", "ENV"}


def sections(text: str, known: Mapping[str, Mapping[str, str]]) -> Iterator[Complaint]:
    """What is wrong in a file of `[Section]` and `key=value`, of which only the `known` ones may stand there, each once."""
    section, seen = "", set()
    for number, line in _said(text):
        if found := _SECTION.fullmatch(line):
            section = found[1]
            if section not in known:
                yield number, f"there is no section {section}"
        elif not (found := _PAIR.fullmatch(line)):
            yield number, "this is neither a section nor key=value"
        elif (form := known.get(section, {}).get(found[1])) is None:
            yield number, f"{found[1]} means nothing in [{section}]"
        elif not re.fullmatch(form, found[2]):
            yield number, f"{found[2] or 'nothing'} is no value of {found[1]}"
        elif (section, found[1]) in seen:
            yield number, f"{found[1]} stands there twice"
        else:
            seen.add((section, found[1]))


def modules(text: str) -> Iterator[Complaint]:
    """What is wrong in a file of modprobe.d, of which we use `options` alone."""
    for number, line in _said(text):
        if not _OPTION.fullmatch(line):
            yield number, "this sets no option of a module"


def rules(text: str) -> Iterator[Complaint]:
    """What is wrong in rules of udev: unknown keys or operators, a jump without a goal, a rule that does nothing."""
    goals = set(re.findall(r'LABEL="([^"]*)"', text))
    for number, line in _said(text):
        tokens = [_TOKEN.fullmatch(part) for part in re.split(r"\s*,\s*", line)]
        for token in tokens:
            if token is None:
                yield number, "this is no rule of udev"
            elif token[3] not in _RULES.get(token[1], "").split() or (token[2] is not None) != (token[1] in _OF):
                yield number, f"udev knows no {token[1]}{'{…}' if token[2] else ''}{token[3]}"
            elif token[1] == "GOTO" and token[4] not in goals:
                yield number, f"there is no LABEL {token[4]}"
        if all(tokens) and not any(token and token[3] not in {"==", "!="} for token in tokens):
            yield number, "this rule does nothing"


def _said(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith(("#", ";")):
            yield number, line.strip()
