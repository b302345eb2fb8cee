"""In the virtual machine: one phone. A radio of its own in a network of its own, joined to the stall's Wi-Fi as any phone joins.

`phone.py NUMBER join NAME PASSWORD`, `lease`, `ask URL [FORM]`, `resolve NAME`, `reach ADDRESS`, `leave`. Prints one JSON object.
Standard library only.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

JOIN_WITHIN_S, LEASE_WITHIN_S = 60.0, 60.0
_HERE = Path(__file__).resolve().parent
_OPTIONS = """option captive-portal code 114 = text;
request subnet-mask, routers, domain-name-servers, captive-portal, dhcp-lease-time;
timeout 40;
retry 10;
initial-interval 2;
"""


class Phone:
    """The phone with this number, 1 for the radio after the box's own."""

    def __init__(self, number: int) -> None:
        self.name, self.radio = f"phone{number}", f"wlan{number}"
        self.folder = Path("/run/phones") / self.name
        self.folder.mkdir(parents=True, exist_ok=True)

    def inside(self, *command: str, within_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a command in the phone's network, with the phone's own name server."""
        return run("ip", "netns", "exec", self.name, *command, within_s=within_s)

    def exist(self) -> None:
        """Take the radio out of the box's sight, as another device's is."""
        if self.name in run("ip", "netns", "list").stdout.split():
            return
        phy = (Path("/sys/class/net") / self.radio / "phy80211/name").read_text(encoding="ascii").strip()
        must("ip", "netns", "add", self.name)
        must("iw", "phy", phy, "set", "netns", "name", self.name)
        self.inside("ip", "link", "set", "lo", "up")

    def join(self, name: str, password: str) -> dict[str, Any]:
        """Join by WPA2 with this password; how it went, by the supplicant's own events."""
        self.exist()
        self.leave()
        config, log, pid = (self.folder / part for part in ("wpa.conf", "wpa.log", "wpa.pid"))
        config.write_text(
            f"ctrl_interface={self.folder}/wpa\nap_scan=1\nnetwork={{\n  ssid={name.encode().hex()}\n"
            f'  psk="{password}"\n  key_mgmt=WPA-PSK\n  proto=RSN\n  pairwise=CCMP\n  scan_ssid=0\n}}\n',
            encoding="utf-8",
        )
        log.unlink(missing_ok=True)
        began = time.monotonic()
        started = self.inside("wpa_supplicant", "-B", "-D", "nl80211", "-i", self.radio, "-c", str(config), "-P", str(pid), "-f", str(log))  # fmt: skip
        if started.returncode:
            return {"joined": False, "why": started.stdout + started.stderr}
        why = ""
        while time.monotonic() < began + JOIN_WITHIN_S and not why:
            said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
            if "CTRL-EVENT-CONNECTED" in said:
                return {"joined": True, "seconds": round(time.monotonic() - began, 1), **self.status()}
            refused = re.search(r"reason=WRONG_KEY|CTRL-EVENT-ASSOC-REJECT.*|CTRL-EVENT-AUTH-REJECT.*", said)
            why = refused[0] if refused else ""
            time.sleep(0.2)
        return {"joined": False, "seconds": round(time.monotonic() - began, 1), "why": why or "nothing happened", "log": said[-600:]}  # fmt: skip

    def status(self) -> dict[str, str]:
        """What the supplicant says of the connection."""
        said = self.inside("wpa_cli", "-p", f"{self.folder}/wpa", "-i", self.radio, "status").stdout
        told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
        return {name: told[name] for name in ("wpa_state", "key_mgmt", "pairwise_cipher", "freq") if name in told}

    def lease(self) -> dict[str, Any]:
        """Ask for an address; what came with it."""
        config, leases, told = (self.folder / part for part in ("dhclient.conf", "leases", "lease.env"))
        config.write_text(_OPTIONS, encoding="ascii")
        for file in (leases, told):
            file.unlink(missing_ok=True)
        began = time.monotonic()
        done = self.inside(
            "dhclient", "-1", "-cf", str(config), "-lf", str(leases), "-pf", str(self.folder / "dhclient.pid"),
            "-sf", str(_HERE / "lease.sh"), self.radio, within_s=LEASE_WITHIN_S,
        )  # fmt: skip
        if not told.exists():
            return {"leased": False, "why": (done.stdout + done.stderr)[-600:]}
        words = dict(line.split("=", 1) for line in told.read_text(encoding="utf-8").splitlines() if "=" in line)
        resolv = Path("/etc/netns") / self.name / "resolv.conf"
        resolv.parent.mkdir(parents=True, exist_ok=True)
        Path("/etc/resolv.conf").touch()  # what it is mounted over for the phone
        resolv.write_text(f"nameserver {words.get('new_domain_name_servers', '')}\n", encoding="ascii")
        return {
            "leased": True,
            "seconds": round(time.monotonic() - began, 1),
            "address": words.get("new_ip_address"),
            "router": words.get("new_routers"),
            "names": words.get("new_domain_name_servers"),
            "portal": words.get("new_captive_portal"),
        }

    def ask(self, url: str, form: str = "", agent: str = "Mozilla/5.0 (Linux; Android 15)") -> dict[str, Any]:
        """Ask for a page, or press a button with a form; redirects are told, not followed."""
        words = ["curl", "-s", "-S", "-m", "40", "-A", agent, "-D", str(self.folder / "head"), "-o", str(self.folder / "body"), "-w", "%{http_code} %{time_total}"]  # fmt: skip
        words += ["-d", form] if form else []
        for file in ("head", "body"):
            (self.folder / file).write_bytes(b"")
        done = self.inside(*words, url)
        status, _, seconds = done.stdout.partition(" ")
        head = (self.folder / "head").read_text(encoding="latin-1").splitlines()
        location = next((line.split(":", 1)[1].strip() for line in head if line.lower().startswith("location:")), "")
        body = (self.folder / "body").read_text(encoding="utf-8", errors="replace")
        return {"code": done.returncode, "status": int(status or 0), "seconds": seconds, "location": location, "body": body[:20000], "why": done.stderr.strip()}  # fmt: skip

    def reach(self, address: str) -> dict[str, Any]:
        """Whether anything of another device's is to be had: an echo, or a connection to a port that is open there."""
        echo = self.inside("ping", "-n", "-c", "3", "-W", "3", address)
        port = self.inside("curl", "-s", "-m", "8", f"http://{address}:8000/")
        return {"echo": echo.returncode == 0, "port": port.returncode == 0}

    def leave(self) -> dict[str, Any]:
        """Leave the Wi-Fi, if it is on it."""
        for program in ("dhclient", "wpa"):
            pid = self.folder / f"{program}.pid"
            if pid.exists():
                run("kill", pid.read_text(encoding="ascii").strip())
                pid.unlink(missing_ok=True)
        time.sleep(0.5)
        self.inside("ip", "addr", "flush", "dev", self.radio)
        return {}


def run(*command: str, within_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run a command; one that takes too long did not work."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=within_s, check=False)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", "not within its time")


def must(*command: str) -> None:
    """Run a command that has to work."""
    done = run(*command)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")


def main(number: str, what: str, *words: str) -> None:
    """Do what was asked and print what came of it."""
    sys.stdout.write(json.dumps(getattr(Phone(int(number)), what)(*words) or {}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
