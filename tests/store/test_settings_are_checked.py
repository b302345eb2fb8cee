"""Settings nobody could sell with are refused when they are read, not when the buyer has paid."""

from __future__ import annotations

from pathlib import Path

import pytest

from stall import settings
from stall.errors import Broken


@pytest.mark.parametrize("rate", [-1, 10_001])
def test_a_vat_rate_no_receipt_can_bear_is_refused(tmp_path: Path, rate: int) -> None:
    (tmp_path / settings.FILE).write_text(f"vat_bp = {rate}\n")
    with pytest.raises(Broken) as refusal:
        settings.load(tmp_path)
    assert refusal.value.code == "settings-malformed"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('password = "12"', "the password of [reader] is not six digits"),
        ('password = "abcdef"', "the password of [reader] is not six digits"),
        ('password = "1234567"', "the password of [reader] is not six digits"),
        ("time_scale = 0", "reader.time_scale"),
        ("time_scale = -1", "reader.time_scale"),
        ("time_scale = 11", "reader.time_scale"),
    ],
)
def test_a_card_reader_nobody_could_use_is_refused(tmp_path: Path, line: str, why: str) -> None:
    (tmp_path / settings.FILE).write_text(f'[reader]\nlink = "tcp:127.0.0.1:20007"\n{line}\n')
    with pytest.raises(Broken) as refusal:
        settings.load(tmp_path)
    assert refusal.value.code == "settings-malformed"
    assert why in refusal.value.sentence


@pytest.mark.parametrize("address", ["0.0.0.1", "127.0.0.1", "169.254.7.1", "224.0.0.1", "255.255.255.1"])
def test_a_network_that_no_phone_could_join_is_refused(tmp_path: Path, address: str) -> None:
    (tmp_path / settings.FILE).write_text(f'[network]\naddress = "{address}"\n')
    with pytest.raises(Broken, match="none that phones can be lent"):
        settings.load(tmp_path)


@pytest.mark.parametrize(
    "table", ["", 'name = ""', f'name = "{"x" * 41}"', 'name = "Sum\\nUp"', 'name = " SumUp"', "name = 1"]
)
def test_a_separate_reader_has_a_name_that_fits_on_a_button(tmp_path: Path, table: str) -> None:
    (tmp_path / settings.FILE).write_text(f"[standalone]\n{table}\n")
    with pytest.raises(Broken) as refusal:
        settings.load(tmp_path)
    assert refusal.value.code == "settings-malformed"


@pytest.mark.parametrize("name", ["SumUp", "Kartenleser von Zoë", "x" * 40])
def test_settings_with_a_separate_reader_are_read_as_they_were_written(tmp_path: Path, name: str) -> None:
    written = settings.Settings(standalone=settings.Standalone(name))
    settings.save(tmp_path, written)
    assert settings.load(tmp_path) == written
