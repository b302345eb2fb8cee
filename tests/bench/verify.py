"""What strictness costs: `python -m tests.bench.verify [--rounds N] [--json FILE]`.

A receipt is opened as the stall opens it (exact header, known key, signature, strict JSON, types, sums) and, in turns
with that, as nobody should: the bare Ed25519 verification of the same bytes and `json.loads` of the same claims. The
ratio of the two carries over to other machines, times do not. Exit code 1 when a required bar is missed.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from stall.wire import b64, keys, receipt
from tests.bench import figures

BOX = keys.SigningKey.from_seed(bytes([2]) * 32)
LINES = (1, 5, 20, 150)
#: At most this many times the bare way, however long the receipt.
REQUIRED = 1.7
ROUNDS, CALLS = 40, 50


def token(lines: int) -> str:
    """A receipt of so many lines, as a stall signs it: half of them numbered editions, half articles."""
    numbered = {"drop": "night-prints", "lease": b64.encode(bytes(16)), "man": b64.encode(bytes(32))}
    line = {"qty": 1, "cur": "EUR", "minor": 450, "vat": 1900}
    items = [{**line, **({**numbered, "ed": at + 1} if at % 2 == 0 else {"sku": f"print-{at}"})} for at in range(lines)]
    total = 450 * lines
    vat = total * 1900 // 11900
    return receipt.sign_claims(BOX, {
        "iss": BOX.thumbprint, "jti": b64.encode(bytes(range(16))), "iat": 1_780_000_000, "clk": "ntp",
        "epoch": b64.encode(bytes(range(100, 116))), "seq": 17, "items": items, "code": b64.encode(bytes(32)),
        "tax": [{"rate": 1900, "net": total - vat, "vat": vat}],
        "pay": [{"m": "card", "st": "online", "cur": "EUR", "minor": total, "ref": "0042"}],
    })  # fmt: skip


def strictly(signed: str) -> Callable[[], object]:
    """Open it as the stall does."""
    trusted = {BOX.thumbprint: BOX.public}
    return lambda: receipt.verify(signed, trusted)


def barely(signed: str) -> Callable[[], object]:
    """Check the signature and parse the claims, both already taken out of the token."""
    message, _, signature = signed.rpartition(".")
    data, made, payload = message.encode(), b64.decode(signature), b64.decode(message.partition(".")[2])
    public = Ed25519PublicKey.from_public_bytes(BOX.public)

    def both() -> object:
        public.verify(made, data)
        return json.loads(payload)

    return both


def _seconds(call: Callable[[], object], calls: int) -> float:
    begin = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - begin) / calls


def measure(lines: int, rounds: int = ROUNDS, calls: int = CALLS) -> dict[str, float]:
    """Time both ways in turns; the ratio is the median over the rounds, so that a moment's noise hits both or neither."""
    signed = token(lines)
    ways = strictly(signed), barely(signed)
    timed = [tuple(_seconds(way, calls) for way in ways) for _ in range(rounds + 1)][1:]  # the first warms up
    return {
        "lines": lines,
        "ratio": figures.middle([strict / bare for strict, bare in timed]),
        "strict_us": figures.middle([strict for strict, _ in timed]) * 1e6,
        "bare_us": figures.middle([bare for _, bare in timed]) * 1e6,
    }


def missed(measured: list[dict[str, float]]) -> list[int]:
    """The receipts, by their lines, that took longer than they may."""
    return [int(row["lines"]) for row in measured if row["ratio"] > REQUIRED]


def table(measured: list[dict[str, float]]) -> str:
    """What was measured, as text."""
    rows = [f"{'lines':>5}  {'required':>8}  {'got':>5}  {'strict':>8}  {'bare':>8}"]
    for row in measured:
        asked = f"≤ {REQUIRED:.2f}"
        verdict = "ok" if row["ratio"] <= REQUIRED else "MISSED"
        times = f"{row['strict_us']:>5.0f} µs  {row['bare_us']:>5.0f} µs"
        rows.append(f"{int(row['lines']):>5}  {asked:>8}  {row['ratio']:>5.2f}  {times}  {verdict}")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.verify", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each way is timed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there")
    asked = parser.parse_args(arguments)
    measured = [measure(lines, asked.rounds) for lines in LINES]
    sys.stdout.write(table(measured) + "\n")
    if asked.json is not None:
        machine = f"{platform.machine()}, Python {platform.python_version()}"
        told = {"machine": machine, "receipts": measured, "missed": missed(measured)}
        asked.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 1 if missed(measured) else 0


if __name__ == "__main__":
    raise SystemExit(main())
