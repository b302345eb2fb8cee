"""The ways to a printer: found by what the settings say, and a sentence for each that is not there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from stall.box.printer import ports
from stall.box.printer.ports import device, port
from stall.box.printer.talk import Talk
from stall.errors import Refused, Retry
from tests.box.printing.printers import SerialPrinter


@pytest.mark.parametrize(
    ("link", "line", "code"),
    [
        ("", "9600 8N1", "printer-link"),
        ("usb:", "9600 8N1", "printer-link"),
        ("usb:epson", "9600 8N1", "printer-link"),
        ("usb:04b8", "9600 8N1", "printer-link"),
        ("tcp:host:99999", "9600 8N1", "printer-link"),
        ("tcp:a b", "9600 8N1", "printer-link"),
        ("lpt:1", "9600 8N1", "printer-link"),
        ("serial:/dev/null", "9600", "printer-line"),
        ("serial:/dev/null", "9601 8N1", "printer-line"),
    ],
)
def test_a_link_that_can_be_no_printer_is_refused(link: str, line: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        ports.connect(link, line)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "link", ["serial:/dev/there-is-none", "file:/there/is/none", "usb:04b8:0e15", "tcp:127.0.0.1:1"]
)
def test_a_printer_that_is_not_there_is_lost(link: str) -> None:
    with pytest.raises(Retry) as lost:
        ports.connect(link, "9600 8N1")
    assert lost.value.code == "printer-lost"


def plugged(tmp_path: Path, name: str, vendor: str, product: str) -> None:
    """One printer as the kernel lists it: the interface, and above it the device with its ids."""
    above = tmp_path / "bus" / name
    (above / "interface").mkdir(parents=True)
    (above / "idVendor").write_text(f"{vendor}\n")
    (above / "idProduct").write_text(f"{product}\n")
    entry = tmp_path / "class" / name
    entry.mkdir(parents=True)
    (entry / "device").symlink_to(above / "interface")


def test_a_printer_on_usb_is_found_by_its_ids_wherever_it_is_plugged_in(tmp_path: Path) -> None:
    plugged(tmp_path, "lp0", "03f0", "0001")
    plugged(tmp_path, "lp1", "04b8", "0e15")
    printer = SerialPrinter()
    try:
        (tmp_path / "usb").mkdir()
        (tmp_path / "usb" / "lp1").symlink_to(printer.path)
        way = device.open_usb(*device.ids("04B8:0E15"), known=tmp_path / "class", devices=tmp_path / "usb")
        try:
            assert Talk(way).look().sentence == "The printer is ready."
        finally:
            way.close()
        with pytest.raises(Retry):
            device.open_usb("1234", "5678", known=tmp_path / "class", devices=tmp_path / "usb")
    finally:
        printer.close()


def test_a_device_file_named_as_a_file_is_a_printer_and_tells_how_it_stands() -> None:
    printer = SerialPrinter()
    try:
        way = ports.connect(f"file:{printer.path}", "")
        assert way.tells
        way.close()
    finally:
        printer.close()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EACCES, "printer-rights"),
        (errno.EBUSY, "printer-in-use"),
        (errno.ENODEV, "printer-lost"),
        (errno.EIO, "printer-lost"),
    ],
)
def test_why_a_device_does_not_open_is_what_to_do_about_it(number: int, code: str) -> None:
    assert port.refused("/dev/usb/lp0", OSError(number, os.strerror(number))).code == code


def test_a_second_program_finds_the_serial_line_in_use() -> None:
    printer = SerialPrinter()
    try:
        first = ports.connect(printer.link, "9600 8N1")
        with pytest.raises(Retry) as refused:
            ports.connect(printer.link, "9600 8N1")
        assert refused.value.code == "printer-in-use"
        first.close()
    finally:
        printer.close()
