"""One database twice: copied to a second box while people buy, or an old image put back.

What needs no number goes on at once; numbers are sold only after a lease that names the new epoch; no number is sold on
both; and the cloud takes in both and tells them apart.
"""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from stall import app
from stall.cloud import folder as cloud_folder
from stall.store import journal
from stall.store.box import Box
from stall.wire import b64
from tests.faults import progress, stage, stocked, verdict
from tests.faults.browser import Browser
from tests.faults.kills import closed
from tests.faults.load import Load
from tests.faults.promised import Promised
from tests.faults.stage import NotInTime, Stage
from tests.faults.stocked import Home
from tests.faults.summary import Summary

#: Sales made in each stretch before the next thing happens.
SOME = 12
MORE_NUMBERS = 200


def copied(seed: int, home: Home) -> list[str]:
    """The card of a running box is copied into a second box; both sell, offline first and then with the cloud."""
    twin = Home(home.root, "twin")
    with ExitStack() as stack:
        first = stack.enter_context(stage.running(home, cloud=""))
        crowd = stack.enter_context(Load(first, seed))
        _sell(crowd)
        before = _copy(first, crowd, twin)
        second = stack.enter_context(stage.running(twin, cloud=""))
        found = _no_numbers(second)
        others = stack.enter_context(Load(second, seed + 1, numbered=False))
        _sell(crowd)
        _sell(others)
        found += _ended(first, crowd) + _ended(second, others)
    _join(before, others.promised)
    found += [*_judge(home, crowd.promised), *_judge(twin, before)]
    return [*found, *_with_the_cloud(seed, home, twin, crowd.promised, before)]


def _with_the_cloud(seed: int, home: Home, twin: Home, ours: Promised, theirs: Promised) -> list[str]:
    """Both come online; each gets a lease of its own and sells numbers; the cloud has both journals."""
    with ExitStack() as stack:
        first = stack.enter_context(stage.running(home))
        second = stack.enter_context(stage.running(twin, cloud=first.cloud))
        found = []
        for number, (each, promised) in enumerate(((second, theirs), (first, ours))):
            _settle_down(each, promised, seed + 10 * number + 2)
            for drop in stocked.EDITIONS:
                stocked.lease_more(each.home, each.observer, drop, MORE_NUMBERS)
            with Load(each, seed + 10 * number + 3) as crowd:
                _sell(crowd)
                found += _ended(each, crowd)
            _everything_sent(each)
            _join(promised, crowd.promised)
        found += _told_apart(first, second)
    found += [*_judge(home, ours), *_judge(twin, theirs), *_sold_on_both(home.box, twin.box)]
    return found


def _settle_down(running: Stage, promised: Promised, seed: int) -> None:
    """Sell without numbers until the cloud has nothing more to tell: a box that hears of a copy begins a new epoch too."""
    for again in range(5):
        epoch = _epoch(running)
        with Load(running, seed + 100 * again, numbered=False) as crowd:
            _sell(crowd)
            _ended(running, crowd)
        _join(promised, crowd.promised)
        _everything_sent(running)
        if _epoch(running) == epoch:
            return
    raise NotInTime("a box to stay in its epoch: five did not last")


def _everything_sent(running: Stage) -> None:
    stage.eventually(running.uploaded, stage.SETTLED_WITHIN_S, "the cloud to have everything", 0.1)


def _epoch(running: Stage) -> str:
    return journal.read_head(running.observer.db.read()).epoch_text


def put_back(seed: int, home: Home, *, whole: bool) -> list[str]:
    """An older image is put back at the same place: the `whole` folder, which only the cloud can notice, or the database."""
    kept, lost = home.root / "backup", home.root / "lost"
    with stage.running(home) as first, Load(first, seed) as crowd:
        _sell(crowd)
        found = _ended(first, crowd)
        promised = crowd.promised.copy()
    shutil.copytree(home.box, kept)
    with stage.running(home) as first:
        with Load(first, seed + 1) as crowd:
            _sell(crowd)
            found += _ended(first, crowd)
        _everything_sent(first)
        epoch = _epoch(first)
    shutil.copytree(home.box, lost)
    _put_back(kept, home.box, whole=whole)
    with stage.running(home) as again:
        stage.eventually(lambda: _epoch(again) != epoch, stage.SETTLED_WITHIN_S, "a new epoch")
        found += _no_numbers(again)
        with Load(again, seed + 2, numbered=False) as crowd:
            _sell(crowd)
        found += _ended(again, crowd)
        _join(promised, crowd.promised)
        for drop in stocked.EDITIONS:
            stocked.lease_more(home, again.observer, drop, MORE_NUMBERS)
        with Load(again, seed + 3) as crowd:
            _sell(crowd)
        found += _ended(again, crowd)
        _join(promised, crowd.promised)
        _everything_sent(again)
    found += verdict.judge(home.box, promised)  # the terminal's books hold payments of the lost branch
    return [*found, *verdict.sells_again(home.box), *_sold_on_both(home.box, lost)]


SCENARIOS: dict[str, Callable[[int, Home], list[str]]] = {
    "copied box": copied,
    "old database put back": lambda seed, home: put_back(seed, home, whole=False),
    "old image put back": lambda seed, home: put_back(seed, home, whole=True),
}


def scenario(name: str, seed: int, root: Path) -> Summary:
    """Play one of the SCENARIOS."""
    summary = Summary()
    folder = root / f"copy-{name.replace(' ', '-')}-{seed}"
    try:
        summary.found += SCENARIOS[name](seed, stocked.make(folder))
    except NotInTime as late:
        summary.found.append(str(late))
    summary.point(f"copy {name}")
    progress.mark(root, f"copy {name}", summary.found)
    return closed(summary, folder, f"copy:{name}:{seed}")


def _sell(crowd: Load) -> None:
    """Let the crowd buy something of everything."""
    sold = crowd.promised.count
    stage.eventually(lambda: crowd.promised.count >= sold + SOME, stage.READY_WITHIN_S, "some sales")


def _ended(running: Stage, crowd: Load) -> list[str]:
    crowd.stop()
    running.wait_until_settled()
    return [*crowd.complaints, *running.complaints()]


def _copy(running: Stage, crowd: Load, twin: Home) -> Promised:
    """Copy the folder of a running box, log and all, at one instant; give what was promised until then.

    No payment is under way: its answer would come from a terminal the second box does not have.
    """
    for folder in (twin.terminal, twin.logs):
        folder.mkdir(parents=True)
    until = "no card payment"
    while True:
        stage.eventually(lambda: not running.open_attempts(), stage.SETTLED_WITHIN_S, until, 0.002)
        with running.observer.db.transaction() as tx:  # the door is ours: nothing is written meanwhile
            if running.open_attempts():
                continue
            del tx
            promised = crowd.now()
            # not by this process: closing a file that SQLite has open here would drop its locks
            subprocess.run(["cp", "-a", str(running.home.box), str(twin.box)], check=True, timeout=60)
        return promised


def _put_back(kept: Path, box: Path, *, whole: bool) -> None:
    """Write the old bytes into the files that are there, as restoring an image of the card does."""
    for name in ("stall.sqlite-wal", "stall.sqlite-shm"):
        (box / name).unlink(missing_ok=True)
    names = ["stall.sqlite", "stall.sqlite-wal", *(["stall.place"] if whole else [])]
    for name in names:
        if (kept / name).exists():
            with (box / name).open("r+b" if (box / name).exists() else "wb") as file:
                file.write((kept / name).read_bytes())
                file.truncate()


def _no_numbers(running: Stage) -> list[str]:
    """A new epoch has none to sell, and says so."""
    with closing(Browser(running.buyers)) as phone:
        answer = phone.press(f"/d/{stocked.FREE}/take", press=Load.key())
    return [f"A number was sold without a lease: {answer.location}"] if answer.done else []


def _join(into: Promised, more: Promised) -> None:
    for name in ("takes", "cash", "cards", "grants"):
        getattr(into, name).update(getattr(more, name))
    into.presses.clear()  # a copy has sales of buttons that were pressed elsewhere


def _judge(home: Home, promised: Promised) -> list[str]:
    promised.presses.clear()
    return [f"{home.twin or 'first'}: {each}" for each in verdict.judge(home.box, promised)]


def _sold_on_both(one: Path, other: Path) -> list[str]:
    """The numbers two branches sold, each to its own sale: what both have from before they parted is one sale."""
    sold: dict[tuple[int, int], set[bytes]] = {}
    for folder in (one, other):
        box = app.open_box(folder, looking=True)
        try:
            for drop, number, event in box.db.read().execute(
                "SELECT p.drop_no, l.ed, e.bytes FROM lines l JOIN packs p ON p.no = l.pack JOIN sales s ON s.no = l.id >> 8"
                " JOIN events e ON e.id = s.receipt_event WHERE s.state = 'paid' AND l.ed IS NOT NULL"
            ):
                sold.setdefault((drop, number), set()).add(bytes(event))
        finally:
            box.close()
    return [f"Number {no} of drop {drop} was sold on both." for (drop, no), sales in sold.items() if len(sales) > 1]


def _told_apart(first: Stage, second: Stage) -> list[str]:
    """The cloud holds every epoch of both boxes, each to its end."""
    told = _ask(first, f"/v1/boxes/{first.observer.secrets.signing.thumbprint}/epochs")
    held = {each["epoch"]: each for each in told["epochs"]}
    return [
        f"The cloud has not heard of epoch {epoch} of the {name} box."
        for name, running in (("first", first), ("second", second))
        for epoch in _epochs(running.observer)
        if epoch not in held
    ]


def _epochs(box: Box) -> list[str]:
    rows = box.db.read().execute("SELECT epoch FROM epochs ORDER BY no").fetchall()
    return [b64.encode(row[0]) for row in rows]


def _ask(running: Stage, path: str) -> Any:
    cloud = cloud_folder.load(running.home.cloud)
    with closing(http.client.HTTPConnection(running.cloud, timeout=20)) as line:
        line.request("GET", path, headers={"Authorization": f"Bearer {cloud.token}"})
        return json.loads(line.getresponse().read())
