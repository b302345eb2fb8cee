"""`stall keys tls`: the certificate that the till shows over https."""

from __future__ import annotations

from pathlib import Path

import click

from stall.commands import DATA_VARIABLE, say


@click.command("tls")
@click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    required=True,
    help="Data folder of the box.",
)
@click.option("--name", "names", multiple=True, help="A name or address of the box more; may be given several times.")
@click.option(
    "--renew", is_flag=True, help="Make another one now. Every browser that accepted the old one warns again."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def tls(*, data: Path, names: tuple[str, ...], renew: bool, as_json: bool) -> None:
    """Make the box's own certificate for https, or show it: its fingerprint stands on the label."""
    from datetime import UTC, datetime

    from stall.app import open_box
    from stall.store import tls_files
    from stall.web.till.devices import address_of
    from stall.wire import tls as certificates

    box = open_box(data)
    try:
        now_s = box.now_ms() // 1000
        keys = data / "keys"
        found = tls_files.find(keys)
        fresh = found is None or renew or bool(set(names) - set(found.names))
        if fresh or found is None:
            wanted = dict.fromkeys([*tls_files.names_of(box.settings), *(found.names if found else ()), *names])
            found = tls_files.make(keys, box.settings.name, list(wanted), now_s)
        address = address_of(box.settings)
    finally:
        box.close()
    left = certificates.days_left(found, now_s)
    ends = datetime.fromtimestamp(found.ends_s, UTC)
    if as_json:
        facts = {"fingerprint": found.spelled, "names": list(found.names), "ends": f"{ends:%Y-%m-%d}", "new": fresh}
        say.facts({**facts, "address": address})
        return
    say.line(f"{'Made a certificate' if fresh else 'The certificate of this box'} for {', '.join(found.names)}.")
    say.lines("Its fingerprint (SHA-256), to compare in the browser:", found.spelled)
    say.line(f"It holds until {ends:%d %B %Y}. Phones and tablets open {address}.")
    if fresh:
        say.line("nginx takes it when it is started anew: systemctl restart stall-nginx")
        say.line("A label made before has another fingerprint: write this one on it.")
    elif left < tls_files.RENEW_DAYS:
        say.warning(f"It ends in {max(0, left)} days. Make another one with --renew, then print the label again.")
