"""What the portal remembers of its clients: for the time of a lease, bounded, without their addresses."""

from __future__ import annotations

import pytest

from stall.web.captive.agents import System
from stall.web.captive.clients import MOST_CLIENTS, MOST_NOTES, Clients, Funnel, Stage
from stall.web.captive.policy import Change, Client, Said
from stall.web.captive.probes import Kind, Probe
from tests.fakes.clock import FakeClock

LEASE_MS = 2 * 3600 * 1000
PROBE = Probe(Kind.APPLE, System.APPLE)
PHONE = "192.0.2.23"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def clients(clock: FakeClock) -> Clients:
    return Clients(LEASE_MS, clock.boottime_ms, clock.wall_ms)


def test_a_release_holds_for_the_time_of_a_lease_since_the_client_was_last_heard(
    clients: Clients, clock: FakeClock
) -> None:
    clients.reached(PHONE, Stage.RELEASED, System.APPLE)
    assert clients.look(PHONE) == Client(System.APPLE, released=True, left_s=7200)
    clock.advance(LEASE_MS - 1000)
    assert clients.look(PHONE).left_s == 1
    clients.note(PHONE, PROBE, Said.SUCCESS, Change.CONFIRMED)
    clock.advance(LEASE_MS - 1)
    assert clients.look(PHONE).released
    clock.advance(1)
    assert clients.look(PHONE) == Client()


def test_a_clock_set_back_or_forward_changes_no_release(clients: Clients, clock: FakeClock) -> None:
    clients.reached(PHONE, Stage.RELEASED, System.APPLE)
    clock.wall += 365 * 24 * 3600 * 1000
    assert clients.look(PHONE).released


def test_one_client_says_nothing_of_another(clients: Clients) -> None:
    clients.reached(PHONE, Stage.RELEASED, System.APPLE)
    assert clients.look("192.0.2.24") == Client()


def test_a_reply_changes_its_client(clients: Clients) -> None:
    clients.note(PHONE, Probe(Kind.PAGE, System.WINDOWS, navigates=True), Said.PORTAL, Change.RELEASED)
    assert clients.look(PHONE) == Client(System.WINDOWS, released=True, left_s=7200)
    clients.note(PHONE, PROBE, Said.SUCCESS, Change.CONFIRMED)
    assert clients.look(PHONE).confirmed


def test_a_system_once_known_is_not_forgotten_for_an_agent_that_tells_none(clients: Clients) -> None:
    clients.note(PHONE, Probe(Kind.ANDROID, System.ANDROID), Said.PORTAL, Change.NOTHING)
    clients.note(PHONE, Probe(Kind.API), Said.API, Change.NOTHING)
    assert clients.look(PHONE).system is System.ANDROID


def test_an_address_given_to_somebody_else_is_forgotten(clients: Clients) -> None:
    clients.reached(PHONE, Stage.RELEASED, System.APPLE)
    clients.forget(PHONE)
    assert clients.look(PHONE) == Client()


def test_the_client_heard_longest_ago_makes_room(clients: Clients) -> None:
    for number in range(MOST_CLIENTS + 10):
        clients.reached(f"10.0.{number >> 8}.{number & 255}", Stage.RELEASED, System.APPLE)
        clients.reached("10.0.0.0", Stage.PAGE, System.APPLE)
    assert clients.funnel().clients == MOST_CLIENTS
    assert clients.look("10.0.0.0").released
    assert clients.look("10.0.0.1") == Client()


def test_probes_are_noted_without_an_address_and_only_the_last(clients: Clients, clock: FakeClock) -> None:
    for number in range(MOST_NOTES + 3):
        clock.advance(1)
        clients.note(PHONE if number % 2 else "192.0.2.99", PROBE, Said.PORTAL, Change.NOTHING)
    notes = clients.notes()
    assert len(notes) == MOST_NOTES
    assert notes[-1].at_ms == clock.wall_ms()
    assert {(note.system, note.kind, note.said) for note in notes} == {(System.APPLE, Kind.APPLE, Said.PORTAL)}
    assert len({note.client for note in notes}) == 2
    assert "192.0" not in repr(notes)


def test_the_tag_of_a_client_is_another_after_a_restart(clients: Clients, clock: FakeClock) -> None:
    again = Clients(LEASE_MS, clock.boottime_ms, clock.wall_ms)
    for each in (clients, again):
        each.note(PHONE, PROBE, Said.PORTAL, Change.NOTHING)
    assert clients.notes()[0].client != again.notes()[0].client


def test_how_far_clients_got_is_counted_once_for_each(clients: Clients, clock: FakeClock) -> None:
    for address in ("a", "b", "c"):
        for _ in range(3):
            clients.note(address, PROBE, Said.PORTAL, Change.NOTHING)
    for address in ("a", "b"):
        clients.reached(address, Stage.PAGE, System.APPLE)
    clients.reached("a", Stage.RELEASED, System.APPLE)
    clients.reached("d", Stage.CATALOGUE, System.UNKNOWN)
    assert clients.funnel() == Funnel(clients=4, probed=3, page=2, released=1, catalogue=1)
    clock.advance(LEASE_MS)
    assert clients.funnel() == Funnel(0, 0, 0, 0, 0)


def test_what_asks_something_of_others_is_no_probe(clients: Clients) -> None:
    clients.note(PHONE, Probe(Kind.OTHER), Said.REFUSED, Change.NOTHING)
    clients.note(PHONE, Probe(Kind.PAGE), Said.PORTAL, Change.NOTHING)
    assert clients.funnel() == Funnel(1, 0, 0, 0, 0)
