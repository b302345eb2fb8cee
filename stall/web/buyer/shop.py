"""What every page of the buyers' app shares: the box, the orders' states, the transfers, the portal, the tries."""

from __future__ import annotations

from dataclasses import dataclass, field

from stall.store.box import Box
from stall.web.buyer.draughts import Draughts
from stall.web.buyer.live import LiveOrders
from stall.web.buyer.remembered import Pages
from stall.web.captive.portal import Portal
from stall.web.guard import Tries
from stall.web.links import Links
from stall.web.transfers import Transfers


@dataclass(frozen=True, slots=True)
class Shop:
    """One running buyers' app."""

    box: Box
    live: LiveOrders
    pages: Pages
    transfers: Transfers
    portal: Portal
    links: Links
    behind_nginx: bool = False
    """nginx sends the files; without it we do."""
    tries: Tries = field(default_factory=Tries)
    draughts: Draughts = field(default_factory=Draughts)

    def stop(self) -> None:
        """End the threads, writing down what is waiting; before the box closes."""
        self.draughts.stop()
        self.live.stop()
        self.transfers.stop()
