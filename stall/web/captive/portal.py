"""The portal of one running buyers' app: stands in front of its Host check and answers what is meant for others.

On where the settings say so (`[captive]`); without, a foreign name is refused as before (`host-foreign`). Either way it never
sees a page, a form or data of ours.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from stall import runtime
from stall.store.box import Box
from stall.web.captive import agents, policy, probes
from stall.web.captive.agents import System
from stall.web.captive.clients import Clients, Stage
from stall.web.captive.policy import Client, World
from stall.web.captive.probes import Kind, Probe

if TYPE_CHECKING:
    from stall.settings import Settings

#: How far somebody is who asks for a page of ours: the shop window or one item, an order, what a paid one opens, one of its files.
_PAGES = re.compile(r"(?P<catalogue>/(?:d/[^/]+)?)|(?P<order>/o/[^/]+)|(?P<paid>/g/[^/]+)|(?P<file>/[gf]/[^/]+/.+)")
_STAGES = {"catalogue": Stage.CATALOGUE, "order": Stage.ORDER, "paid": Stage.PAID, "file": Stage.FILE}
#: How long what was told of the uplink is believed without looking again (ms).
_UPLINK_MS = 1000


class Portal:
    """Answers probes, and remembers who was told what. For any thread."""

    def __init__(self, box: Box) -> None:
        """Start with nobody known."""
        own = box.settings.captive
        self.is_open = own.portal
        self._world, self._clock, self._looked_ms = world_of(box.settings), box.clock, -_UPLINK_MS
        self._follows = own.uplink and runtime.folder() is not None
        self.clients = Clients(own.lease_minutes * 60_000, box.clock.boottime_ms, box.clock.wall_ms)

    @property
    def world(self) -> World:
        """How the box stands. Where the network tells of its uplink, that is followed; looked at once a second at most."""
        if self._follows and self._clock.boottime_ms() - self._looked_ms >= _UPLINK_MS:
            self._looked_ms = self._clock.boottime_ms()
            self._world = replace(self._world, uplink=runtime.told("uplink").get("up") is True)
        return self._world

    def answer_foreign(self) -> Response:
        """Answer the request at hand, which names another host than us."""
        agent, accept = request.headers.get("User-Agent", ""), request.headers.get("Accept", "")
        return self._answer(probes.recognise(request.host, request.path, request.method, agent, accept), self.world)

    def answer_api(self) -> Response:
        """Answer the question of RFC 8908, asked at our own address. Its agent tells nothing: Android asks as another."""
        # where no portal stands, nobody is caught
        return self._answer(Probe(Kind.API), self.world if self.is_open else replace(self.world, uplink=True))

    def reached(self, stage: Stage) -> Client:
        """Note that whoever asks for the page at hand got so far; give what is known of it then."""
        system = agents.system_of(request.headers.get("User-Agent", ""))
        return self.clients.reached(request.remote_addr, stage, system) if request.remote_addr else Client(system)

    def looked(self, path: str, address: str | None, agent: str) -> None:
        """Note how far somebody at `address` got who asked for `path`. For who answers outside the framework, too.

        The shop window in a browser of its own: then its system need not be kept captive any more.
        """
        found = _PAGES.fullmatch(path) if self.is_open and address else None
        if found is None or address is None or found.lastgroup is None:
            return
        stage, system = _STAGES[found.lastgroup], agents.system_of(agent)
        self.clients.reached(address, stage, system)
        if stage is Stage.CATALOGUE and agents.is_browser(agent) and system is not System.ANDROID:
            self.clients.reached(address, Stage.RELEASED, system)

    def watch(self, app: Flask) -> None:
        """Look who opens the shop window; after the guard, which lets only our own names by."""

        @app.before_request
        def look() -> None:
            self.looked(request.path, request.remote_addr, request.headers.get("User-Agent", ""))

    def _answer(self, probe: Probe, world: World) -> Response:
        address = request.remote_addr or ""
        client = self.clients.look(address) if address else Client()
        reply = policy.answer(probe, client, world)
        if address:  # without one, all would be one client
            self.clients.note(address, probe, reply.said, reply.change)
        answer = Response(reply.body, reply.status)
        answer.headers.clear()
        answer.headers.extend(reply.headers)
        return answer


def world_of(settings: Settings) -> World:
    """How the box stands, as far as its settings tell."""
    own = settings.captive
    return World(settings.web.address.rstrip("/"), own.uplink, own.https)
