"""The radio's channel: read from what `iw` prints, the quietest the country allows, and never one that phones do not hear."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.box.network import scan
from stall.box.network.scan import Heard

SCAN = """\
BSS 02:00:00:aa:bb:01(on wlan0)
	last seen: 1043.532s [boottime]
	TSF: 1090143104 usec (0d, 00:18:10)
	freq: 2412
	beacon interval: 100 TUs
	capability: ESS Privacy ShortSlotTime (0x0411)
	signal: -41.00 dBm
	last seen: 108 ms ago
	SSID: Fischmarkt
	DS Parameter set: channel 1
BSS 02:00:00:aa:bb:02(on wlan0) -- associated
	freq: 2437.0
	signal: -83.00 dBm
	SSID: BSS freq: 2462 signal: -1 dBm
BSS 02:00:00:aa:bb:03(on wlan0)
	freq: 2462
	signal: -60.00 dBm
	SSID: \\x00\\x00
BSS 02:00:00:aa:bb:04(on wlan0)
	freq: 5180
	signal: -30.00 dBm
"""
GERMANY = """\
global
country DE: DFS-ETSI
	(2400 - 2483 @ 40), (N/A, 20), (N/A)
	(5150 - 5250 @ 80), (N/A, 23), (N/A), NO-OUTDOOR, AUTO-BW
	(5250 - 5350 @ 80), (N/A, 20), (0 ms), NO-OUTDOOR, DFS, AUTO-BW
	(57000 - 66000 @ 2160), (N/A, 40), (N/A)
"""
NOWHERE = """\
global
country 00: DFS-UNSET
	(755 - 928 @ 2), (N/A, 20), (N/A), PASSIVE-SCAN
	(2402 - 2472 @ 40), (N/A, 20), (N/A)
	(2457 - 2482 @ 20), (N/A, 20), (N/A), AUTO-BW, PASSIVE-SCAN
	(5170 - 5250 @ 80), (N/A, 20), (N/A), AUTO-BW, PASSIVE-SCAN
"""
OF_ITS_OWN = """
phy#0 (self-managed)
country 99: DFS-UNSET
	(2402 - 2442 @ 40), (6, 20), (N/A)
	(5140 - 5360 @ 160), (6, 20), (N/A), NO-IR
"""


def test_the_networks_of_a_scan_are_read_and_a_name_that_looks_like_one_is_not() -> None:
    assert scan.heard(SCAN) == [Heard(2412, -41), Heard(2437, -83), Heard(2462, -60), Heard(5180, -30)]
    assert scan.heard("") == []
    assert scan.heard(None) is None


def test_a_faint_network_is_less_in_the_way_than_a_loud_one() -> None:
    heard = scan.heard(SCAN) or []
    assert scan.quietest((1, 6, 11), heard) == 6
    assert scan.quietest((36, 40, 44, 48), heard) == 40


def test_a_network_between_two_channels_is_in_the_way_of_both() -> None:
    assert scan.quietest((1, 6, 11), [Heard(2422, -40)]) == 11
    assert scan.quietest((1, 6, 11), []) == 1


@pytest.mark.parametrize(
    ("band", "told", "channels"),
    [
        ("2.4", GERMANY, (1, 6, 11)),
        ("5", GERMANY, (36, 40, 44, 48)),
        ("2.4", NOWHERE, (1, 6, 11)),
        ("5", NOWHERE, ()),
        ("2.4", GERMANY + OF_ITS_OWN, (1,)),
        ("5", GERMANY + OF_ITS_OWN, ()),
        ("2.4", None, (1, 6, 11)),
        ("5", "nonsense", (36, 40, 44, 48)),
    ],
)
def test_only_what_the_country_and_the_radio_allow(band: str, told: str | None, channels: tuple[int, ...]) -> None:
    assert scan.allowed(band, told) == channels


@given(st.text(), st.lists(st.builds(Heard, st.integers(2400, 5300), st.floats(-100, 0))))
def test_whatever_is_heard_one_of_the_allowed_is_taken(told: str, networks: list[Heard]) -> None:
    scan.heard(told)
    for band in ("2.4", "5"):
        channels = scan.allowed(band, told)
        assert not channels or scan.quietest(channels, networks) in channels
