"""Write the printed pages of docs/ anew, and say what docs/errors.md lacks: python -m tests.docs.regenerate."""

from __future__ import annotations

import sys

from tests.docs import generated_pages, raised_codes


def draft_row(code: str, said: str) -> str:
    """Split what is raised into the cells of the table: what happened, and what to do."""
    happened, _, to_do = said.partition(". ")
    return f"| `{code}` | {happened.rstrip('.')}. | {to_do or '?'} |"


def main() -> int:
    """Regenerate; return 1 if docs/errors.md needs a hand."""
    raised = raised_codes.raised()
    listed = raised_codes.documented() if raised_codes.ERRORS_PAGE.exists() else []
    if lacking := sorted(raised.keys() - set(listed)):
        sys.stdout.write("docs/errors.md lacks these; a draft from what is raised, to be read and completed:\n")
    for code in lacking:
        sys.stdout.write(draft_row(code, raised[code][0].sentence) + "\n")
    stale = sorted(set(listed) - raised.keys())
    for code in stale:
        sys.stdout.write(f"docs/errors.md lists `{code}`, which nothing raises\n")
    for name in generated_pages.write_all():
        sys.stdout.write(f"wrote {name}\n")
    return 1 if lacking or stale else 0


if __name__ == "__main__":
    sys.exit(main())
