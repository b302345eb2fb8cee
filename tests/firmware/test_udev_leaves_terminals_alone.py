"""The udev rules: they parse, they tag what is a card terminal, and nothing else.

A little of udev is played here: match, assign, GOTO. udev itself checks them in test_its_own_program_reads_every_file.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest

from stall.box.config import reading, render
from tests.house.sources import ROOT

RULES = ROOT / "firmware_config/udev/60-stall-reader.rules"
TOKEN = re.compile(r'(?P<key>[A-Z]+)(?:\{(?P<of>[A-Za-z_]+)\})?(?P<operator>==|!=|\+=|=)"(?P<value>[^"]*)"')
MATCHES = {
    ("ACTION", "!="),
    ("ACTION", "=="),
    ("SUBSYSTEM", "!="),
    ("KERNEL", "=="),
    ("KERNEL", "!="),
    ("ATTRS", "=="),
    ("ENV", "=="),
    ("SYMLINK", "=="),
}
SETS = {
    ("ENV", "="),
    ("ENV", "+="),
    ("GROUP", "="),
    ("MODE", "="),
    ("SYMLINK", "+="),
    ("TAG", "+="),
    ("GOTO", "="),
    ("LABEL", "="),
}
NO_READER = {"reader_symlink": "", "reader_kernel": ""}
BY_ID = "serial/by-id/usb-Ingenico_iCT250_1234-if00"
Token = tuple[str, str, str, str]


def rules(reader: dict[str, str] | None = None) -> list[list[Token]]:
    """Every rule as its tokens: key, what of it, operator, value; `reader` is the terminal of the settings."""
    text = render.text(RULES.read_text(encoding="ascii"), {**NO_READER, **(reader or {})})
    assert list(reading.rules(text)) == []
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    read = []
    for line in lines:
        parts = [TOKEN.fullmatch(part) for part in line.split(", ")]
        assert all(parts), f"udev would not understand: {line}"
        read.append([(part["key"], part["of"] or "", part["operator"], part["value"]) for part in parts if part])
    return read


def played(
    kernel: str,
    subsystem: str = "tty",
    action: str = "add",
    env: dict[str, str] | None = None,
    reader: dict[str, str] | None = None,
    link: str = "",
    **ids: str,
) -> dict[str, str]:
    """What the rules say of a device, which `link` leads to already: its environment, group, mode and links."""
    has = {f"ENV{{{name}}}": value for name, value in (env or {}).items()}
    facts = {"KERNEL": kernel, "SUBSYSTEM": subsystem, "ACTION": action, "SYMLINK": link}
    until = ""
    for rule in rules(reader):
        if until and ("LABEL", "", "=", until) not in rule:
            continue
        until = ""
        tests = [token for token in rule if (token[0], token[2]) in MATCHES]
        if not all(
            _matches(token, {**facts, **{f"ATTRS{{{k}}}": v for k, v in ids.items()}, **has}) for token in tests
        ):
            continue
        for key, of, operator, value in rule:
            if (key, operator) in SETS and key not in {"GOTO", "LABEL"}:
                has[f"{key}{{{of}}}" if of else key] = value
            until = value if key == "GOTO" else until
    return has


def _matches(token: Token, facts: dict[str, str]) -> bool:
    key, of, operator, value = token
    found = facts.get(f"{key}{{{of}}}" if of else key, "")
    return any(fnmatchcase(found, each) for each in value.split("|")) == (operator == "==")


def test_every_token_is_one_udev_knows_and_every_jump_has_a_goal() -> None:
    tokens = [token for rule in rules() for token in rule]
    assert {(key, operator) for key, _, operator, _ in tokens} <= MATCHES | SETS
    goals = {value for key, _, _, value in tokens if key == "LABEL"}
    assert {value for key, _, _, value in tokens if key == "GOTO"} == goals


@pytest.mark.parametrize(
    ("vendor", "product"), [("079b", "0028"), ("0b00", "0080"), ("0ca6", "0010"), ("11ca", "0219")]
)
def test_a_terminal_is_tagged_and_belongs_to_dialout(vendor: str, product: str) -> None:
    said = played("ttyACM12", idVendor=vendor, idProduct=product)
    assert said == {"ENV{STALL_READER}": "1", "ENV{ID_MM_DEVICE_IGNORE}": "1", "GROUP": "dialout", "MODE": "0660"}


@pytest.mark.parametrize(
    ("kernel", "subsystem", "vendor"),
    [
        ("ttyUSB0", "tty", "0403"),
        ("ttyACM0", "tty", "12d1"),
        ("ttyACM0", "tty", "079b"),  # a phone
        ("ttyUSB0", "tty", "0b00"),
        ("ttyAMA0", "tty", "0b00"),
        ("ttyACM0", "usb", "0b00"),
        ("sda", "block", "11ca"),
    ],
)
def test_a_modem_a_cable_and_a_disk_are_not_touched(kernel: str, subsystem: str, vendor: str) -> None:
    assert played(kernel, subsystem, idVendor=vendor, idProduct="0042") == {}


def test_a_device_that_goes_is_not_touched() -> None:
    assert played("ttyACM0", action="remove", idVendor="0b00", idProduct="0080") == {}


def test_a_makers_own_line_tags_any_cable_and_names_it_when_asked() -> None:
    named = played("ttyUSB3", idVendor="0403", idProduct="6001", env={"STALL_READER": "named"})
    assert (named["ENV{ID_MM_DEVICE_IGNORE}"], named["SYMLINK"]) == ("1", "stall-reader")
    tagged = played("ttyUSB3", idVendor="0403", idProduct="6001", env={"STALL_READER": "1"})
    assert tagged["ENV{ID_MM_DEVICE_IGNORE}"] == "1"
    assert "SYMLINK" not in tagged
    known = played("ttyACM0", idVendor="0b00", idProduct="0080", env={"STALL_READER": "named"})
    assert known["SYMLINK"] == "stall-reader"


def test_the_line_a_maker_is_told_to_write_is_one_the_rules_understand() -> None:
    told = next(line for line in RULES.read_text().splitlines() if line.startswith("#   SUBSYSTEM"))
    parts = [TOKEN.fullmatch(part) for part in told.removeprefix("#   ").split(", ")]
    assert [(part["key"], part["of"], part["operator"]) for part in parts if part] == [
        ("SUBSYSTEM", None, "=="),
        ("ATTRS", "idVendor", "=="),
        ("ATTRS", "idProduct", "=="),
        ("ENV", "STALL_READER", "="),
    ]


@pytest.mark.parametrize(
    ("reader", "kernel", "link"),
    [
        ({"reader_symlink": BY_ID}, "ttyUSB7", BY_ID),  # a cable with a converter, tagged by nobody
        ({"reader_kernel": "ttyACM0"}, "ttyACM0", "serial/by-id/usb-other"),
    ],
)
def test_the_terminal_of_the_settings_starts_its_process(reader: dict[str, str], kernel: str, link: str) -> None:
    said = played(kernel, reader=reader, link=link, idVendor="0403", idProduct="6001")
    assert said == {"TAG": "systemd", "ENV{SYSTEMD_WANTS}": "stall-reader@1.service"}
    assert played("ttyUSB8", reader=reader, link="serial/by-id/usb-third", idVendor="0403", idProduct="6001") == {}
