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
