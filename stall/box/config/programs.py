"""The programs that serve phones, asked about their files: nginx, hostapd, dnsmasq, nft.

None of them listens, touches a radio or loads a rule: nginx is told unix sockets in the scratch folder in place of ports; hostapd and
nft run in a network of their own, hostapd besides for an interface that cannot be there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from stall.box.config import places
from stall.box.config.files import File
from stall.box.config.scratch import Fault, Scratch, alone, program, said, unchecked

_NGINX = re.compile(r"\[(?:emerg|alert|crit|error|warn)\] (?:\d+#\d+: )?(.*?)(?: in (\S+):(\d+))?$", re.MULTILINE)
_OURS = re.compile(r"(?<![\w/.])/(?=(?:etc/stall|var/lib/stall|run/stall|run/credentials|usr/share/stall)\b)")
#: 15 letters, as many as an interface's name may have; none is ever called so.
_NOWHERE = "stallnowherexxx"
_HOSTAPD_LINE = re.compile(r"^(?:Line|line) (\d+): (.*)$|^(.*\(line (\d+)\).*)$", re.MULTILINE)
_HOSTAPD_FAULT = re.compile(r"(\d+) errors? found in configuration file")
_NFT = re.compile(r"^\S+:(\d+):\d+-\d+: Error: (.*)$", re.MULTILINE)
_DNSMASQ = re.compile(r"dnsmasq: (.*?)(?: at line (\d+) of \S+)?$", re.MULTILINE)


def nginx(scratch: Scratch, files: Sequence[File]) -> list[Fault]:
    """`nginx -t`, on files whose paths lead into the scratch folder, with keys made up for it."""
    found = program("nginx")
    if found is None:
        return unchecked(files, "nginx is missing")
    for file in files:
        text = _OURS.sub(f"{scratch.root}/", file.content.decode())
        text = re.sub(r"(?m)^(\s*)listen ([\w.:\[\]]+)", rf"\1listen unix:{scratch.root}/\2.sock", text)
        if os.geteuid() != 0 or not _users_exist():
            text = re.sub(r"(?m)^user .*;", "", text)
        scratch.at(file.path).write_text(text, "utf-8")
    for folder in (places.RUN_NGINX, places.RUN, places.NGINX_KEYS):
        scratch.at(folder).mkdir(parents=True, exist_ok=True)
    scratch.at(f"{places.NGINX_KEYS}/nginx-links.conf").write_text('set $stall_links "0";\n', "utf-8")
    _make_up_certificate(scratch.at(places.NGINX_KEYS))
    main = str(scratch.at(places.NGINX_MAIN))
    code, words = said([found, "-t", "-q", "-p", str(scratch.root), "-c", main, "-e", "stderr"], scratch.root)
    if code == 0 and not words.strip():
        return []
    faults = [
        Fault(scratch.back(each[2] or places.NGINX_MAIN), int(each[3] or 0), scratch.back(each[1]))
        for each in _NGINX.finditer(words)
    ]
    return faults or [Fault(places.NGINX_MAIN, 0, scratch.back(words.strip()) or f"nginx ended with {code}")]


def _users_exist() -> bool:
    import grp  # noqa: PLC0415 - not on every machine that loads this module
    import pwd  # noqa: PLC0415 - the same

    try:
        pwd.getpwnam(places.WEB_USER)
        grp.getgrnam(places.GROUP)
    except KeyError:
        return False
    return True


def _make_up_certificate(keys: Path) -> None:
    """A certificate that nobody trusts, for as long as nginx reads its files."""
    from stall.wire import tls  # noqa: PLC0415 - loads what signs, which nothing else here needs

    secret, certificate = tls.make("check", ["localhost"], 0)
    (keys / "tls.key").write_bytes(secret)
    (keys / "tls.crt").write_bytes(certificate)


def hostapd(scratch: Scratch, files: Sequence[File]) -> list[Fault]:
    """hostapd has no way to check only: it is started where there is no interface, and its words are read.

    A file it understands fails only when the interface is looked for.
    """
    found, own = program("hostapd"), alone()
    if found is None or own is None:
        return unchecked(
            files, "hostapd is missing" if found is None else "hostapd may not be asked in a network of its own here"
        )
    faults = []
    for file in files:
        text = re.sub(r"(?m)^interface=.*$", f"interface={_NOWHERE}", file.content.decode())
        text = re.sub(r"(?m)^ctrl_interface(_group)?=.*\n", "\n", text)  # as many lines as before
        scratch.at(file.path).write_text(text, "utf-8")
        code, words = said([*own, found, str(scratch.at(file.path))], scratch.root)
        faults += _hostapd_said(file.path, code, words)
    return faults


def _hostapd_said(path: str, code: int, words: str) -> list[Fault]:
    faults = [Fault(path, int(each[1] or each[4]), each[2] or each[3]) for each in _HOSTAPD_LINE.finditer(words)]
    if faults:
        return faults
    if _HOSTAPD_FAULT.search(words) or "Failed to set up interface" in words or code in {0, 124}:
        return [Fault(path, 0, words.strip().replace("\n", "; "))]
    return []


def dnsmasq(scratch: Scratch, files: Sequence[File]) -> list[Fault]:
    """`dnsmasq --test` reads the file and ends."""
    found = program("dnsmasq")
    if found is None:
        return unchecked(files, "dnsmasq is missing")
    faults = []
    for file in files:
        code, words = said([found, "--test", f"--conf-file={scratch.at(file.path)}"], scratch.root)
        if code != 0:
            each = _DNSMASQ.search(words)
            line, what = (int(each[2] or 0), each[1]) if each else (0, words.strip())
            faults.append(Fault(file.path, line, scratch.back(what) or f"dnsmasq ended with {code}"))
    return faults


def nft(scratch: Scratch, files: Sequence[File]) -> list[Fault]:
    """`nft -c` asks the kernel whether it would take the rules, in a network of their own: those in use are not looked at."""
    found, own = program("nft"), alone()
    if found is None or own is None:
        return unchecked(
            files, "nft is missing" if found is None else "nft may not be asked in a network of its own here"
        )
    faults = []
    for file in files:
        code, words = said([*own, found, "-c", "-f", str(scratch.at(file.path))], scratch.root)
        if code != 0:
            known = [Fault(file.path, int(each[1]), each[2]) for each in _NFT.finditer(words)]
            faults += known or [Fault(file.path, 0, scratch.back(words.strip()) or f"nft ended with {code}")]
    return faults
