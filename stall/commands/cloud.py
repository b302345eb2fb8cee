"""`stall cloud`: run the other end, or make its data folder."""

from __future__ import annotations

from pathlib import Path

import click

from stall.commands import given, say

DATA = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), required=True, help="The cloud's data folder."
)


@click.group("cloud", invoke_without_command=True)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The cloud's data folder.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="0 takes a free one.")
@click.pass_context
def cloud(context: click.Context, data: Path | None, host: str, port: int) -> None:
    """Receive the journals of boxes, check them, and cosign what was checked."""
    if context.invoked_subcommand is not None:
        return
    if data is None:
        raise click.UsageError("Missing option '--data'.", context)
    from stall import log
    from stall.cloud import folder, serve

    log.setup()
    loaded = folder.load(data)
    serve.run(loaded, serve.listen(host, port), lambda address: say.line(f"The cloud answers on {address}"))


@cloud.command("init")
@DATA
@click.option(
    "--creator-did", required=True, callback=given.creator, help="The creator whose boxes it serves (did:key:z6Mk…)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def init(data: Path, creator_did: str, as_json: bool) -> None:
    """Make a cloud for one creator, with a key and a reading token of its own."""
    from stall.cloud import folder
    from stall.wire import b64

    made = folder.init(data, creator_did)
    public = b64.encode(made.key.public)
    if as_json:
        facts = {"name": made.name, "public": public, "did": made.key.did, "token_file": str(made.token_file)}
        say.facts(facts)
        return
    say.line(f"Made a cloud in {data}. Its reading token is in {made.token_file}.")
    say.line("Let the creator delegate it, and each box accept that:")
    say.line(f"  stall delegate --creator CREATOR --role cloud --cap cosign --to {made.key.did} --out cloud.delegation")
    say.line("  stall accept --data BOX cloud.delegation")
    say.line("In the settings.toml of each box:")
    say.lines("[cloud]", 'url = "https://…"', f'name = "{made.name}"', f'public = "{public}"')
