"""What the installer does with the data folder: in a process of its own, as the user of the stall, so that nothing there is root's."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import say

if TYPE_CHECKING:
    from stall.box.install.machine import Machine
    from stall.settings import Settings


class Side:
    """The data folder of a machine, seen from root's side. `pin` is the new box's, once it was made; `silent`: it is not said."""

    def __init__(
        self, machine: Machine, *, name: str = "", country: str = "", given: bytes | None = None, silent: bool = False
    ) -> None:
        self.machine, self.silent = machine, silent
        self.name, self.country, self.given = name, country, given
        self.pin = ""

    def prepare(self) -> Settings:
        """Make the box if there is none, complete its settings, see to its certificate."""
        from stall import settings
        from stall.box.config import places
        from stall.box.install import first_settings

        asked = {
            "name": self.name,
            "country": self.country,
            "found_country": first_settings.system_country(self.machine.root),
            "timezone": first_settings.system_timezone(self.machine.root),
            "given": self.given.decode("utf-8", "replace") if self.given is not None else None,
        }
        told = self._ask("box", asked)
        self.pin = str(told.get("pin", ""))
        if self.pin and not self.silent:
            say.line(f"Made a box. The maker's PIN, shown this once: {self.pin}")
        found = settings.load(self.machine.at(places.DATA))
        if not found.network.country and found.network.lan.startswith("wl"):
            say.warning(
                "Nobody said in which country the radio stands, so no Wi-Fi starts. Run this again with --country, like --country DE."
            )
        return found

    def busy(self) -> str:
        """Why the release must not change now, or empty."""
        from stall.box.config import places

        if not self.machine.at(places.DATA).is_dir():
            return ""
        return str(self._ask("busy", {}, current=True).get("busy", ""))

    def migrate(self) -> None:
        """Bring the database to the form of this release, keeping a copy from before."""
        self._ask("migrate", {})

    def happened_since(self) -> bool:
        """Whether anything happened at the stall since that copy."""
        return bool(self._ask("since", {})["happened"])

    def put_back(self) -> None:
        """Take that copy."""
        self._ask("put-back", {})

    def settled(self) -> None:
        """The release has come up: the copy goes."""
        self._ask("settled", {})

    def _ask(self, what: str, asked: Mapping[str, object], *, current: bool = False) -> dict[str, object]:
        """Run this module's command as the user of the stall; `current`: of the release that runs, whose database it is.

        Raises Broken `appliance-box` with what it said.
        """
        from stall.box.config import places
        from stall.errors import Broken

        folder = self.machine.at(places.DATA)
        runs = self.machine.at(places.PROGRAM)
        program = [str(runs)] if current and runs.exists() else [sys.executable, "-P", "-m", "stall"]
        command = [*program, "appliance", "box", what, "--json", "--data", str(folder)]
        done = self.machine.run(command, as_user=places.USER, given=json.dumps(asked), env={"HOME": str(folder)})
        try:
            found = json.loads(done.stdout)
        except ValueError:
            found = None
        if done.returncode == 0 and isinstance(found, dict):
            return found
        error = found.get("error") if isinstance(found, dict) else None
        if isinstance(error, dict):
            raise Broken("appliance-box", f"{error.get('sentence')}")
        raise Broken(
            "appliance-box",
            f"The stall's data folder could not be prepared: {(done.stderr or done.stdout).strip()[-300:]}",
        )


@click.command("box", hidden=True)
@click.argument("what", type=click.Choice(["box", "busy", "migrate", "since", "put-back", "settled"]))
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), required=True, help="Data folder of the box.")
@click.option("--json", "as_json", is_flag=True, default=True, hidden=True)
def box(what: str, data: Path, as_json: bool) -> None:
    """Do the installer's part in the data folder; what is asked is JSON on standard input."""
    del as_json
    from stall.store import precopy

    there = (data / "stall.sqlite").is_file()
    if what == "box":
        say.facts(_make(data, json.loads(sys.stdin.read())))
        return
    if what == "busy":
        say.facts({"busy": _busy(data) if there else ""})
        return
    if what == "since":
        say.facts({"happened": there and precopy.happened_since(data)})
        return
    if what == "settled":
        precopy.drop(data)
    elif there:
        if what == "migrate":
            precopy.migrate(data)
        elif (data / precopy.COPY).exists():
            precopy.put_back(data)
    say.facts({})


def settings_of(machine: Machine) -> Settings | None:
    """The settings of the machine's box, None where there is none. Raises PermissionError."""
    from stall import settings
    from stall.box.config import places

    return settings.load(machine.at(places.DATA)) if machine.at(places.SETTINGS).exists() else None


def settings_if_readable(machine: Machine) -> Settings | None:
    """The settings, None where they are broken: a stall is taken away all the same."""
    from stall.errors import StallError

    try:
        return settings_of(machine)
    except StallError:
        return None


def _make(data: Path, asked: dict[str, str | None]) -> dict[str, object]:
    from stall import app, settings
    from stall.store import link_secret, secrets, tls_files

    told: dict[str, object] = {"pin": ""}
    old = settings.load(data)
    new = _completed(old, asked)
    if new != old or not (data / settings.FILE).exists():
        settings.save(data, new)
    if not (data / "stall.sqlite").exists():
        told["pin"] = app.create_box(data, new.name).pin
    # nginx is handed it when it starts, which may be before the web was ever there.
    link_secret.keep(data / "keys", secrets.load(data / "keys"))
    if tls_files.find(data / "keys") is None:
        opened = app.open_box(data)
        try:
            tls_files.make(data / "keys", new.name, tls_files.names_of(new), opened.now_ms() // 1000)
        finally:
            opened.close()
    return told


def _completed(old: Settings, asked: dict[str, str | None]) -> Settings:
    """The settings as they are to be. Raises Refused `settings-unfit`, naming the field."""
    import msgspec

    from stall import settings
    from stall.box.install import first_settings
    from stall.errors import Refused

    try:
        given = asked.get("given")
        base = old if given is None else msgspec.toml.decode(given, type=settings.Settings)
        if given is not None and not base.wifi.name:
            base = first_settings.made(base, wifi=old.wifi)
        return first_settings.complete(
            base,
            name=asked.get("name") or "",
            country=asked.get("country") or "",
            found_country=asked.get("found_country") or "",
            timezone=asked.get("timezone") or "",
        )
    except (ValueError, msgspec.MsgspecError) as error:
        raise Refused("settings-unfit", f"These settings are not right: {error}. Nothing was changed.") from error


def _busy(data: Path) -> str:
    """Also in a box of an older version, which this one cannot open: nothing is then known, and nothing is in the way."""
    from stall.app import open_box
    from stall.domain.drop import Offer
    from stall.store import catalogue, shifts

    opened = open_box(data, looking=True)
    try:
        conn = opened.db.read()
        shift = shifts.running(conn)
        if (
            shift.opened_event is not None
            or next(shifts.papers(conn, shift.after + 1, shifts.head_key(conn)), None) is not None
        ):
            return "a shift is open at the till"
        for card in catalogue.cards(conn, opened.now_ms()):
            if card.offer is Offer.OPEN:
                return f"the drop “{card.title}” is open"
        return ""
    finally:
        opened.close()


def welcome(side: Side) -> list[str]:
    """How buyers and the maker get in, in lines; on a terminal the code that joins the Wi-Fi is drawn first, and the PIN of a
    new box said again, which that code may have pushed off the screen."""
    found = settings_of(side.machine)
    if found is None:
        return []
    told = []
    if found.wifi.name:
        from stall.wire import wifi_qr

        say.code(wifi_qr.text(found.wifi.name, found.wifi.password))
        told.append(
            f"Wi-Fi: {found.wifi.name}" + (f", password: {found.wifi.password}" if found.wifi.password else ", open")
        )
    if side.pin and sys.stdout.isatty():
        told.append(f"The maker's PIN: {side.pin}. Write it down, nobody shows it again.")
    return [
        *told,
        f"Buyers open {found.web.address}, the maker's devices {_till(found)}.",
        "Next: `sudo stall device enrol` makes the code that lets your phone or tablet open the till.",
    ]


def _till(found: Settings) -> str:
    from stall.web.till.devices import address_of

    return address_of(found)
