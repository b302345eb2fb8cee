"""SIGKILL under load, in real processes: what was acknowledged is there, once, and the stall sells on.

The short run of `python -m tests.faults --only kill`; a failure names the folder it left and how to see it again.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import kills
from tests.faults.kills import Job

#: A seed whose first eleven draws kill everything at once seven times, and each process alone.
SEED = 6


@pytest.mark.timeout(400)  # a busy machine takes ten times as long
def test_killed_at_random_instants_it_keeps_every_promise(tmp_path: Path) -> None:
    summary = kills.play(Job("random", SEED, 11), tmp_path)
    assert summary.found == []
    assert summary.kills >= 20
    assert summary.promised > 10
