"""A disk that fails while a box is made, a pack imported or settings saved: all or nothing, and it can be done again."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import troubled
from tests.faults.power import making
from tests.preload import library
from tests.preload.faults import Faults

pytestmark = [pytest.mark.preload, pytest.mark.timeout(180)]

#: Fails at ever later calls of one kind until none is left; after each, the same must go, and nothing be half there.
TROUBLE = """
import errno, hashlib, msgspec, sqlite3, sys
from pathlib import Path
from stall import app, settings
from stall.creator import delegations, keyring
from stall.errors import StallError
from stall.flows.accept_document import accept_delegation
from stall.flows.import_pack import import_pack
from stall.store.audit import audit
from tests.preload.faults import Faults
from tests.preload.records import Op

root, what, error, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
ops = [Op[name] for name in sys.argv[5:]]
faults = Faults(root / "faults")

def fails(work, after):
    faults.arm(*ops, error=error, after=after, always=True)
    try:
        work()
    except (StallError, sqlite3.Error, OSError) as trouble:
        assert faults.hits, trouble
        return True
    finally:
        faults.disarm()
    assert not faults.hits, "it failed and nobody was told"
    return False

def create(n):
    folder = root / "watched" / f"box-{n}"
    failed = fails(lambda: app.create_box(folder, pin="123456"), n)
    if failed and not (folder / "stall.sqlite").exists():
        app.create_box(folder, pin="123456")
    check(folder)
    return failed

def bring_in(n):
    folder = root / "watched" / f"box-{n}"
    made = app.create_box(folder, pin="123456")
    box = app.open_box(folder)
    try:
        creator = keyring.load(root / "creator")
        now_s = box.now_ms() // 1000
        with box.db.transaction() as tx:
            accept_delegation(tx, delegations.delegate(creator, made.did, "box", now_s=now_s))
        pack = root / "packs" / "night-zine.stallpack"
        failed = fails(lambda: import_pack(box, pack), n)
        if failed:
            box.close()
            box = app.open_box(folder)
            import_pack(box, pack)
        for (sha,) in box.db.read().execute("SELECT sha256 FROM files"):
            assert hashlib.sha256((folder / "files" / sha).read_bytes()).hexdigest() == sha
        left = sorted(path.name for path in folder.rglob("*.part")) + sorted(p.name for p in folder.rglob("building*"))
        assert not left, left
    finally:
        box.close()
    check(folder)
    return failed

def save(n):
    folder = root / "watched"
    settings.save(folder, settings.Settings(name="Before"))
    failed = fails(lambda: settings.save(folder, settings.Settings(name="After")), n)
    assert settings.load(folder).name in (("Before", "After") if failed else ("After",))
    settings.save(folder, settings.Settings(name="Again"))
    assert settings.load(folder).name == "Again"
    return failed

def check(folder):
    box = app.open_box(folder)
    try:
        assert audit(box.db.read(), box.secrets.signing.public).findings == []
    finally:
        box.close()

n = count = 0
while {"create": create, "import": bring_in, "save": save}[what](n):
    n, count = n + step, count + 1
print(count)
"""
#: How many calls are passed over each time. Not so many that the last three of a making are met: SQLite tidies up with them as it
#: closes, tells nobody when they fail, and loses nothing.
STEPS = {"create": 13, "import": 5, "save": 1}


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("packs")
    making.build_packs(root)
    return root


@pytest.mark.parametrize("what", STEPS)
@pytest.mark.parametrize(
    ("error", "ops"),
    [("ENOSPC", ("WRITE", "MKDIR", "OPEN")), ("EIO", ("SYNC", "RENAME", "TRUNCATE"))],
    ids=["full", "failing"],
)
def test_it_is_told_and_goes_the_next_time(
    tmp_path: Path, packs: Path, what: str, error: str, ops: tuple[str, ...]
) -> None:
    for name in ("creator", "packs"):
        (tmp_path / name).symlink_to(packs / name)
    (tmp_path / "watched").mkdir()
    Faults.make(tmp_path / "faults").close()
    watching = library.environment(under=tmp_path / "watched", faults=tmp_path / "faults")
    command = [sys.executable, "-c", TROUBLE, str(tmp_path), what, str(getattr(errno, error)), str(STEPS[what]), *ops]
    ran = subprocess.run(
        command,
        cwd=troubled.ROOT,
        env={**os.environ, **watching},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 1
