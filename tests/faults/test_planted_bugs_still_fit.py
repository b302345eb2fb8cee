"""The bugs kept as patches fit the code of today, so that `./setup.sh bench faults --planted` can plant them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.faults.planting import BUGS, PATCHES, Planted, apply, plant


def test_every_patch_is_a_bug_that_is_hunted() -> None:
    assert sorted(path.stem for path in PATCHES.glob("*.patch")) == sorted(bug.name for bug in BUGS)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_can_be_planted_and_what_it_makes_is_still_python(bug: Planted, tmp_path: Path) -> None:
    tree = plant(bug, tmp_path)
    changed = [
        line[6:] for line in (PATCHES / f"{bug.name}.patch").read_text().splitlines() if line.startswith("+++ b/")
    ]
    assert changed
    for path in changed:
        compile((tree / path).read_text(), path, "exec")


def test_a_patch_of_other_code_is_refused(tmp_path: Path) -> None:
    tree = plant(BUGS[0], tmp_path)
    with pytest.raises(subprocess.CalledProcessError):
        apply(BUGS[0], tree)
