"""The box is written in one place: nobody else opens a connection that writes, or says when a transaction ends."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import modules

#: The door; the making and reshaping of a box, while nobody else may run.
WRITERS = {"stall/store/db.py", "stall/store/create.py", "stall/store/migrations.py"}
#: Read-only connections, and the one view of many reads.
READERS = {"stall/store/readonly.py"}
#: Databases of their own: the other end of the upload, and of the terminal's cable.
OTHERS = ("stall/cloud/", "stall/reader/simulated/")
WORDS = ("BEGIN", "COMMIT", "ROLLBACK", "END TRANSACTION", "SAVEPOINT", "RELEASE")


def of_the_box() -> Iterator[tuple[str, ast.Module]]:
    for path, tree in modules("stall").items():
        name = path.as_posix()
        if not name.startswith(OTHERS):
            yield name, tree


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_only_the_door_and_its_readers_connect() -> None:
    found = {
        name
        for name, tree in of_the_box()
        for call in calls(tree)
        if ast.unparse(call.func) in {"sqlite3.connect", "sqlite3.Connection", "sqlite3.dbapi2.connect"}
    }
    assert found == {"stall/store/db.py", "stall/store/migrations.py", *READERS}


def test_nobody_takes_connect_out_of_its_module() -> None:
    for name, tree in of_the_box():
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlite3")), name


def test_only_the_door_opens_the_writing_connection() -> None:
    found = {name for name, tree in of_the_box() for call in calls(tree) if "connect_writing" in ast.unparse(call.func)}
    assert found <= WRITERS


def test_only_the_door_says_when_a_transaction_begins_and_ends() -> None:
    found = {
        name
        for name, tree in of_the_box()
        for call in calls(tree)
        for said in call.args[:1]
        if isinstance(call.func, ast.Attribute) and call.func.attr.startswith("execute")
        if isinstance(said, ast.Constant) and str(said.value).upper().startswith(WORDS)
    }
    assert found == WRITERS - {"stall/store/migrations.py"} | READERS


def test_nothing_but_sql_happens_on_a_connection() -> None:
    """`executescript` commits by itself, and a connection as a context manager does too."""
    for name, tree in of_the_box():
        for call in calls(tree):
            if isinstance(call.func, ast.Attribute):
                assert call.func.attr not in {"executescript", "commit", "rollback", "backup"}, f"{name}:{call.lineno}"


def test_nobody_forks() -> None:
    """A child made by fork alone would hold the door with its parent's descriptor."""
    for path, tree in modules("stall").items():
        text = {ast.unparse(call.func) for call in calls(tree)}
        assert not text & {"os.fork", "multiprocessing.Process"}, Path(path)
