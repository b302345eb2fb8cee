"""The settings of a box that becomes an appliance: only what nobody set is filled in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.box.install import first_settings
from stall.settings import Network, Settings, Web, Wifi
from stall.wire import wifi_qr


def test_a_new_box_gets_all_an_appliance_needs() -> None:
    found = first_settings.complete(Settings(), name="Night Fair", country="DE", timezone="Europe/Berlin")
    assert (found.web.socket, found.web.address) == ("/run/stall/buyers.sock", "http://192.0.2.1")
    assert (found.captive.portal, found.network.country, found.timezone) == (True, "DE", "Europe/Berlin")
    assert found.wifi.name == "Night Fair"
    assert len(found.wifi.password.split("-")) == first_settings.PASSWORD_WORDS


def test_the_second_time_nothing_is_made_up_anew() -> None:
    first = first_settings.complete(Settings(), found_country="DE")
    assert first_settings.complete(first, found_country="FR", timezone="Asia/Tokyo") == first
    assert first_settings.complete(first, country="FR").network.country == "FR"


def test_what_a_maker_set_stays() -> None:
    own = Settings(
        web=Web(address="https://shop.example"),
        wifi=Wifi("Mine", ""),
        network=Network(lan="eth0"),
        timezone="Asia/Tokyo",
    )
    found = first_settings.complete(own, timezone="Europe/Berlin")
    assert (found.web.address, found.wifi, found.timezone) == ("https://shop.example", own.wifi, "Asia/Tokyo")
    assert not found.captive.portal  # no phone follows a portal to https
    assert first_settings.complete(Settings(network=Network(lan="eth0"))).wifi.name == ""


def test_a_country_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="two capital letters"):
        first_settings.complete(Settings(), country="Germany")


@given(st.text(max_size=60))
def test_every_name_of_a_stall_gives_a_wifi_that_phones_join(name: str) -> None:
    wifi_qr.check(first_settings.wifi_name(name), first_settings.password())


def test_accents_become_plain_letters() -> None:
    assert first_settings.wifi_name("Café Müller") == "Cafe Muller"
    assert first_settings.wifi_name("夜市") == "Stall"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("proc/cmdline", "quiet cfg80211.ieee80211_regdom=DE rootwait"),
        ("boot/firmware/cmdline.txt", "cfg80211.ieee80211_regdom=DE"),
        ("etc/wpa_supplicant/wpa_supplicant.conf", 'ctrl_interface=x\ncountry="DE"\n'),
        ("etc/default/crda", "REGDOMAIN=DE\n"),
    ],
)
def test_the_country_a_system_was_told_is_taken(tmp_path: Path, path: str, text: str) -> None:
    assert first_settings.system_country(tmp_path) == ""
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text)
    assert first_settings.system_country(tmp_path) == "DE"


def test_the_time_zone_of_the_system_is_taken(tmp_path: Path) -> None:
    assert first_settings.system_timezone(tmp_path) == ""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/localtime").symlink_to("../usr/share/zoneinfo/Europe/Berlin")
    assert first_settings.system_timezone(tmp_path) == "Europe/Berlin"
