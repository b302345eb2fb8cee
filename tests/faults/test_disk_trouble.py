"""The disk says no: full, failing, turned read-only. What was told stands, what was not told may be asked for again."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.faults import troubled
from tests.faults.power import replay
from tests.faults.power.making import ZINE
from tests.faults.power.selling import Person, Refusal, sell, take
from tests.faults.troubled import UNKNOWN, Troubled, answered
from tests.preload.faults import ANY
from tests.preload.records import Op

pytestmark = [pytest.mark.preload, pytest.mark.timeout(180)]  # real processes start and die; a busy machine takes time

LOG, DATABASE = "stall.sqlite-wal", "stall.sqlite"
BUYERS = 4
#: How many writes a sale makes, between what would be none at all and what would be no end.
FEWEST_WRITES, MOST_WRITES = 6, 200


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return troubled.make_template(tmp_path_factory.mktemp("troubled") / "made")


@pytest.fixture
def stall(template: Path, tmp_path: Path) -> Iterator[Troubled]:
    stall = Troubled(tmp_path / "stall", template)
    yield stall
    stall.close()


def judge(stall: Troubled) -> list[str]:
    """What is wrong with the stopped stall."""
    return replay.judge(stall.box, stall.told)


def crowd(stall: Troubled) -> int:
    """Buyers at once, each taking three things until the stall goes away; how many it left without an answer."""

    def buys(_who: int) -> bool:
        with stall.buyer() as buyer:
            return all(answered(partial(take, buyer, claim=claim)) for claim in (False, True, False))

    with ThreadPoolExecutor(BUYERS) as people:
        return BUYERS - sum(people.map(buys, range(BUYERS)))


def refused(buyer: Person) -> Refusal | None:
    """Take something; the stall's no, if it was one."""
    try:
        take(buyer, claim=False)
    except Refusal as no:
        return no
    return None


def test_full_at_each_write_of_a_sale_in_turn_nothing_is_told_and_the_next_sale_goes(stall: Troubled) -> None:
    stall.start()
    with stall.buyer() as buyer, stall.maker() as maker:
        take(buyer, claim=True)
        for after in range(MOST_WRITES):
            half = after % 2 == 1
            stall.faults.arm(Op.WRITE, error=errno.ENOSPC, suffix=LOG, after=after, always=half, halve=half)
            no = refused(buyer)
            assert (no is None) == (stall.faults.hits == 0)
            stall.faults.disarm()
            if no is None:
                break
            assert "disk-full" in no.words
            take(buyer, claim=False)
        sell(maker, ZINE, card=False)
    assert FEWEST_WRITES < after < MOST_WRITES - 1
    assert stall.end() == 0
    assert judge(stall) == []


TROUBLE = {
    "the first write fails": ([Op.WRITE], errno.EIO, LOG, 0),
    "the sync fails": ([Op.SYNC], errno.EIO, LOG, 0),
    "there is no room left at the sync": ([Op.SYNC], errno.ENOSPC, LOG, 0),
    "the file system turns read-only under it": ([Op.WRITE, Op.SYNC], errno.EROFS, "", 5),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_trouble_ends_web_and_started_anew_it_has_what_was_told(stall: Troubled, trouble: str) -> None:
    ops, error, suffix, after = TROUBLE[trouble]
    stall.start()
    with stall.buyer() as buyer:
        take(buyer, claim=True)
    stall.faults.arm(*ops, error=error, suffix=suffix, after=after, always=True)
    assert crowd(stall) > 0
    assert stall.died() == UNKNOWN
    assert "[disk-io]" in stall.words.read_text() or "[commit-unknown]" in stall.words.read_text()
    stall.faults.disarm()
    stall.start()
    with stall.buyer() as buyer, stall.maker() as maker:
        take(buyer, claim=True)
        sell(maker, ZINE, card=False)
    assert stall.end() == 0
    assert judge(stall) == []


def test_on_a_read_only_disk_nothing_is_told_and_nothing_starts_until_it_can_be_written_again(stall: Troubled) -> None:
    stall.start()
    stall.faults.arm(*ANY, error=errno.EROFS, always=True)
    with stall.buyer() as buyer:
        no = refused(buyer)
        assert no is not None
        assert "folder-unwritable" in no.words
    assert stall.end() == 0
    ran = stall.run("web")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "[folder-unwritable]" in ran.stderr
    assert "Traceback" not in ran.stderr
    stall.faults.disarm()
    stall.start()
    with stall.buyer() as buyer:
        take(buyer, claim=True)
    assert stall.end() == 0
    assert judge(stall) == []


COPYING_BACK = {
    "the disk is full": ([Op.WRITE], errno.ENOSPC),
    "the sync fails": ([Op.SYNC], errno.EIO),
}


@pytest.mark.parametrize("trouble", COPYING_BACK)
def test_what_fails_after_the_commit_takes_no_sale_back(stall: Troubled, trouble: str) -> None:
    """The log is copied back into the database once it is long: that may fail, and is tried again."""
    ops, error = COPYING_BACK[trouble]
    troubled.fill_log(stall.box)
    stall.start()
    stall.faults.arm(*ops, error=error, suffix=DATABASE, always=True)
    with stall.buyer() as buyer:
        for _ in range(MOST_WRITES):
            take(buyer, claim=False)
            if stall.faults.hits:
                break
        assert stall.faults.hits
        stall.faults.disarm()
        for _ in range(3):
            take(buyer, claim=False)
    stall.kill()
    assert "wal.not_copied_back" in stall.words.read_text()
    assert judge(stall) == []


@pytest.mark.parametrize(
    ("op", "error", "code"),
    [
        (Op.WRITE, errno.ENOSPC, "disk-full"),
        (Op.SYNC, errno.EIO, "commit-unknown"),
        (Op.WRITE, errno.EIO, "commit-unknown"),
    ],
)
def test_a_sale_by_command_is_told_only_when_it_was_kept(stall: Troubled, op: Op, error: int, code: str) -> None:
    stall.faults.arm(op, error=error, suffix=LOG, always=True)
    ran = stall.run("sell", ZINE, "--cash")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.splitlines()[-1].startswith("error: ")
    assert f"[{code}]" in ran.stderr
    stall.faults.disarm()
    assert stall.run("sell", ZINE, "--cash").returncode == 0
    assert judge(stall) == []
