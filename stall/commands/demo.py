"""`stall demo`: a whole stall on this machine, to try or to check."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = click.Path(path_type=Path, file_okay=False)
DEFAULT_FOLDER = Path("stall-demo")


@click.command()
@click.option(
    "--data", type=FOLDER, help=f"Folder to keep everything in.  [default: ./{DEFAULT_FOLDER}; with --once a fresh one]"
)
@click.option("--pack", type=FOLDER, help="Sell the files of this folder instead of the prints that the demo draws.")
@click.option("--port-base", type=click.IntRange(1024, 65532), help="First of four ports in a row.  [default: 8000]")
@click.option(
    "--lan", is_flag=True, help="Let phones on this network open the buyers' pages; till and terminal stay local."
)
@click.option("--nginx", is_flag=True, help="Put nginx in front of the buyers' pages, as on the appliance.")
@click.option("--once", is_flag=True, help="Make one whole sale as a check, say how it went, and stop.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print one JSON object and nothing else.")
@click.option("--out", type=FOLDER, help="With --once: keep every downloaded byte and every proof in this folder.")
@click.pass_context
def demo(
    context: click.Context,
    *,
    data: Path | None,
    pack: Path | None,
    port_base: int | None,
    lan: bool,
    nginx: bool,
    once: bool,
    as_json: bool,
    out: Path | None,
) -> int:
    """Run a whole stall: buyers' pages, till, a simulated card terminal, and a cloud. Ctrl-C ends it."""
    if not once and (as_json or out is not None):
        raise click.UsageError("--json and --out belong to --once.", context)
    if once and lan:
        raise click.UsageError("--once works on this machine alone; leave out --lan.", context)
    from stall.demo.supervisor import interruptible

    with interruptible():
        if once:
            return _once(data, pack, port_base, out, as_json=as_json, nginx=nginx)
        _run(data or DEFAULT_FOLDER, pack, port_base, lan=lan, nginx=nginx)
    return 0


def _run(data: Path, pack: Path | None, port_base: int | None, *, lan: bool, nginx: bool) -> None:
    from stall.demo import ports, session

    host = ports.lan_address() if lan else ports.LOOPBACK
    session.run(data, pack, ports.Ports.from_base(port_base or ports.FIRST_PORT), host, with_nginx=nginx)


def _once(
    data: Path | None, pack: Path | None, port_base: int | None, out: Path | None, *, as_json: bool, nginx: bool
) -> int:
    from stall.demo import ports
    from stall.demo.journey import once

    chosen = ports.Ports.free() if port_base is None else ports.Ports.from_base(port_base)
    found = once.check(data, pack, chosen, out, with_nginx=nginx)
    once.tell(found, as_json=as_json)
    return 0 if found["ok"] is True else 1
