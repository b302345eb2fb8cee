"""The programs the network is made with: `ip`, `iw`, `nft`, each for one thing, and none of them for long."""

from __future__ import annotations

import os
import shutil
import subprocess

from stall.errors import Broken, Refused

#: Debian keeps them where only root looks.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
PACKAGES = {"ip": "iproute2", "iw": "iw", "nft": "nftables"}
#: A scan of both bands takes some four seconds.
MOST_S = 15.0


def run(tool: str, *arguments: str) -> str:
    """What a program answered. Raises Broken `network-program-missing`, `network-program-failed`."""
    done = attempt(tool, *arguments)
    if done is None or done.returncode != 0:
        said = "it did not end" if done is None else done.stderr.strip().replace("\n", " ")[:300] or "it said nothing"
        raise Broken(
            "network-program-failed",
            f"`{tool} {' '.join(arguments)}` did not do its work: {said}. Look into the journal of stall-lan, then restart it.",
        )
    return done.stdout


def attempt(tool: str, *arguments: str) -> subprocess.CompletedProcess[str] | None:
    """How a program ended, whatever it said; None where it had to be stopped. Raises Broken `network-program-missing`."""
    found = shutil.which(tool, path=_PATH)
    if found is None:
        raise Broken(
            "network-program-missing",
            f"There is no {tool} on this machine. Install it, on Debian with: sudo apt-get install {PACKAGES[tool]}.",
        )
    try:
        return subprocess.run([found, *arguments], check=False, capture_output=True, text=True, timeout=MOST_S)
    except subprocess.TimeoutExpired:
        return None


def root_only() -> None:
    """Raises Refused `network-not-root`."""
    if os.geteuid() != 0:
        raise Refused("network-not-root", "Only root may change the network. Put sudo in front of the command.")
