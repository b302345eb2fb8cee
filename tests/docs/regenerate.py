"""Write the printed pages of docs/ anew, and say what docs/errors.md lacks: python -m tests.docs.regenerate."""

from __future__ import annotations

import sys

from tests.docs import generated_pages, raised_codes


def main() -> int:
    """Regenerate; return 1 if docs/errors.md needs a hand."""
    for name in generated_pages.write_all():
        sys.stdout.write(f"wrote {name}\n")
    raised = raised_codes.raised()
    listed = raised_codes.documented() if raised_codes.ERRORS_PAGE.exists() else []
    lacking = sorted(raised.keys() - set(listed))
    for code in lacking:
        sys.stdout.write(f"docs/errors.md lacks | `{code}` | {raised[code][0].sentence} |  |\n")
    stale = sorted(set(listed) - raised.keys())
    for code in stale:
        sys.stdout.write(f"docs/errors.md lists `{code}`, which nothing raises\n")
    return 1 if lacking or stale else 0


if __name__ == "__main__":
    sys.exit(main())
