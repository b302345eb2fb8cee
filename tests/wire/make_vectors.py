"""Makes the golden vectors in `vectors/`: what other implementations of these documents can be tested with.

Run `python -m tests.wire.make_vectors` after a deliberate change of a format; the diff is the change. What stands in
them is made by the modules in `cases/`, one for each file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.wire import casebook

FOLDER = Path(__file__).parent / "vectors"


def vectors() -> dict[str, dict[str, Any]]:
    """Compute the content of every vector file, by name."""
    return {f"{name}.json": document.content() for name, document in casebook.documents().items()}


def written(content: Mapping[str, Any]) -> str:
    """Write one file's content as it is committed."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write all vector files."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in vectors().items():
        (FOLDER / name).write_text(written(content), encoding="utf-8")


if __name__ == "__main__":
    main()
