"""What the maker is told of a limited drop whose numbers wait for a new lease. Words only; it opens nothing."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stall.store.box import Box
    from stall.store.epochs import FrozenDrop


def waiting(box: Box) -> dict[str, FrozenDrop]:
    """The drops of a box that wait, by drop id."""
    from stall.store import epochs

    return {drop.drop_id: drop for drop in epochs.frozen(box.db.read())}


def what_to_do(box: Box, drop: FrozenDrop) -> str:
    """One sentence and the two commands, as the till's page of the day gives them."""
    from stall.store import epochs

    lease = shlex.quote(f"{drop.drop_id}.lease")
    return (
        f"The numbers {drop.text} of “{drop.drop_id}” wait for a new lease. The creator, of those that certainly nobody sold:"
        f" stall lease issue --creator FOLDER --pack FILE --box {box.secrets.signing.thumbprint}"
        f" --epoch {epochs.running(box.db.read()).epoch} --again NUMBERS --out {lease}"
        f" and then, here: stall accept --data {shlex.quote(str(box.folder))} {lease}"
    )
