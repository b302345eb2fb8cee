"""The portal of one running buyers' app: stands in front of its Host check and answers what is meant for others.

On where the settings say so (`[captive]`); without, a foreign name is refused as before (`host-foreign`). Either way it never
sees a page, a form or data of ours.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from stall.store.box import Box
from stall.web.captive import agents, policy, probes
from stall.web.captive.agents import System
from stall.web.captive.clients import Clients, Stage
from stall.web.captive.policy import Client, World
from stall.web.captive.probes import Kind, Probe

if TYPE_CHECKING:
    from stall.settings import Settings

#: The shop window and one item.
_WINDOW = re.compile(r"/(?:d/[^/]+)?")


class Portal:
    """Answers probes, and remembers who was told what. For any thread."""

    def __init__(self, box: Box) -> None:
        """Start with nobody known; `world` may be replaced when the uplink or the certificate changes."""
        own = box.settings.captive
        self.is_open = own.portal
        self.world = world_of(box.settings)
        self.clients = Clients(own.lease_minutes * 60_000, box.clock.boottime_ms, box.clock.wall_ms)

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
        """Note that somebody at `address` asked for `path`, if that is of the shop window. For who answers outside the framework, too.

        In a browser of its own: then its system need not be kept captive any more.
        """
        if not self.is_open or not address or not _WINDOW.fullmatch(path):
            return
        system = agents.system_of(agent)
        self.clients.reached(address, Stage.CATALOGUE, system)
        if agents.is_browser(agent) and system is not System.ANDROID:
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
