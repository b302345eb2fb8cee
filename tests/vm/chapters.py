"""The first chapters of a run: the machine, the installation, a stock to sell, the Wi-Fi, the reader on USB, the watchdog."""

from __future__ import annotations

import json
import re
import time

from tests.faults import stocked
from tests.vm.machine import TILL as TILL_LINE
from tests.vm.run import BUYERS, DATA, TILL, WIFI_NAME, WIFI_PASSWORD, Run
from tests.vm.terminal import ASKED

INSTALL_WITHIN_S, UP_WITHIN_S = 1500.0, 300.0
UNITS = ("stall-web.service", "stall-sync.service", "stall-nginx.service", "stall-lan.service", "stall-ap.service", "stall-dns.service")  # fmt: skip
READER = "stall-reader@1.service"
#: As many phones as the settings let in, so that one more can be turned away.
CLIENTS = 2
#: The terminal on USB: one that our udev rule knows, under the name that udev gives it by its makers' words.
GADGET = "idVendor=0x079b idProduct=0x0028 iManufacturer=Sagem iProduct=Terminal iSerialNumber=0001"
PORT = "/dev/serial/by-id/usb-Sagem_Terminal_0001-if00"
SETTINGS = f"""name = "Salt & Paper"
cur = "EUR"

[wifi]
name = "{WIFI_NAME}"
password = "{WIFI_PASSWORD}"

[network]
country = "DE"
clients = {CLIENTS}

[reader]
link = "serial:{PORT}"
name = "Simulated terminal"
profile = "simulated"
"""
_UNPLUG = "systemctl stop vm-cable; rmmod g_serial"
_PLUG = "modprobe g_serial"
_ANDROID = "http://connectivitycheck.gstatic.com/generate_204"
_APPLE, _APPLE_ASKS = "http://captive.apple.com/hotspot-detect.html", "CaptiveNetworkSupport-481.0.1 wispr"


def installed(run: Run) -> bool:
    """Turn the Debian system into the appliance with its own installer, offline; whether that worked."""
    run.report.chapter("The appliance is installed")
    run.machine.run("sh", "-c", "cat > /run/given.toml", fed=SETTINGS)
    began = time.monotonic()
    done = run.sh(
        "cd /mnt/project && { ./setup.sh install --country DE --from /run/given.toml --wheelhouse /mnt/wheels; echo $? > /run/ended; }"
        " 2>&1 | tee /dev/console; exit $(cat /run/ended)",
        INSTALL_WITHIN_S,
    )
    if not run.report.must(
        done.code == 0, f"./setup.sh install --wheelhouse ends well ({time.monotonic() - began:.0f} s)", done.words
    ):
        return False
    for line in (done.out + done.err).strip().splitlines()[-6:]:
        run.report.saw("    " + re.sub("(PIN, shown this once: )[0-9]+", "\\1…", line))
    up(run)
    told = run.ours("stock", DATA)
    run.report.must(
        "drops" in told,
        f"a creator's packs, delegation and leases go in: {', '.join(told.get('drops', []))}",
        told.get("error"),
    )
    return "drops" in told


def up(run: Run) -> bool:
    """Wait until everything that makes a stall runs."""
    began = time.monotonic()
    so = run.eventually(lambda: run.active(*UNITS), UP_WITHIN_S)
    down = (
        ""
        if so
        else run.said(f"systemctl --no-pager --lines=5 status {' '.join(UNITS)} | grep -v '●.*active (running)'")[
            -1500:
        ]
    )
    return run.report.must(
        so, f"web, sync, nginx, network, access point and names run ({time.monotonic() - began:.0f} s)", down
    )


def wifi(run: Run) -> None:
    """Phones join by WPA2 as phones do, or are turned away."""
    must, saw = run.report.must, run.report.saw
    run.report.chapter("The Wi-Fi, by real hostapd on simulated radios")
    air = run.said("iw dev wlan0 info")
    must("type AP" in air, f"wlan0 is an access point, {' '.join(re.findall(r'channel.*', air))}", air)
    wrong = run.phone(3, "join", WIFI_NAME, "not-the-password")
    must(not wrong.get("joined", True), f"a wrong password is refused ({wrong.get('why')})", wrong)
    run.phone(3, "leave")  # one that goes on trying takes a place
    join(run, 1)
    _portal(run)
    _buys(run)
    join(run, 2)
    _isolated(run)
    third = run.phone(3, "join", WIFI_NAME, WIFI_PASSWORD)
    must(
        not third.get("joined", True),
        f"with {CLIENTS} phones on it and clients = {CLIENTS} a third is refused ({third.get('why')})",
        third,
    )
    run.phone(3, "leave")
    run.phone(2, "leave")
    again = run.phone(3, "join", WIFI_NAME, WIFI_PASSWORD)
    must(bool(again.get("joined")), f"once one has left, it joins ({again.get('seconds')} s)", again)
    run.phone(3, "leave")
    saw(
        f"hostapd: {run.said('journalctl -b -u stall-ap --no-pager -o cat | grep -c AP-STA-CONNECTED')} joins in its log"
    )


def join(run: Run, number: int) -> bool:
    """A phone joins and gets an address."""
    must = run.report.must
    told = run.phone(number, "join", WIFI_NAME, WIFI_PASSWORD)
    if not must(
        bool(told.get("joined")),
        f"phone {number} joins: {told.get('key_mgmt')}, {told.get('pairwise_cipher')}, {told.get('seconds')} s",
        told,
    ):
        return False
    lease = run.phone(number, "lease")
    words = (
        f"phone {number} gets {lease.get('address')}, router and names {lease.get('router')} ({lease.get('seconds')} s)"
    )
    return must(
        bool(lease.get("leased")) and lease.get("router") == lease.get("names") == BUYERS, words, lease
    ) and must(
        lease.get("portal", "").strip('"') == f"http://{BUYERS}/captive/api",
        f"option 114 says {lease.get('portal')}",
        lease,
    )


def _portal(run: Run) -> None:
    must = run.report.must
    android = run.phone(1, "ask", _ANDROID)
    must(
        android.get("status") == 302 and f"//{BUYERS}" in str(android.get("location")),
        f"Android's question is led to {android.get('location')}",
        android,
    )
    apple = run.phone(1, "ask", _APPLE, "", _APPLE_ASKS)
    must(
        apple.get("status") in {200, 302} and "Success" not in str(apple.get("body")),
        f"Apple's is not told Success ({apple.get('status')} {apple.get('location')})",
        apple,
    )
    api = run.phone(1, "ask", f"http://{BUYERS}/captive/api")
    must(
        api.get("status") == 200 and "captive" in str(api.get("body")),
        f"the documented question is answered: {str(api.get('body')).strip()[:120]}",
        api,
    )
    secure = run.phone(1, "ask", f"https://{BUYERS}/")
    must(secure.get("code") == 7, "https is refused at once", secure)


def _buys(run: Run) -> None:
    """The phone opens the first page by name, looks at an item, takes it, and opens its order."""
    must = run.report.must
    page = run.phone(1, "ask", "http://go.stall/")
    must(
        page.get("status") in {200, 302},
        f"http://go.stall/ is answered ({page.get('status')} {page.get('location')})",
        page,
    )
    first = run.phone(1, "ask", f"http://{BUYERS}/")
    must(
        first.get("status") == 200 and "Salt" in str(first.get("body")),
        f"the first page opens ({first.get('seconds')} s)",
        first,
    )
    item = run.phone(1, "ask", f"http://{BUYERS}/d/{stocked.GIFT}")
    key = re.search(r'name="press" value="([^"]+)"', str(item.get("body")))
    if not must(item.get("status") == 200 and key is not None, "the page of an item has its button", item):
        return
    run.promises.told.presses.update(take=1)
    pressed = run.phone(1, "ask", f"http://{BUYERS}/d/{stocked.GIFT}/take", f"press={key[1] if key else ''}")
    if must(pressed.get("status") == 303, f"a free take is answered ({pressed.get('seconds')} s)", pressed):
        where = str(pressed.get("location"))
        run.promises.told.takes[where[where.index("/o/") :]] = None
        order = run.phone(1, "ask", where if where.startswith("http") else f"http://{BUYERS}{where}")
        must(order.get("status") == 200, "and its order opens", order)


def _isolated(run: Run) -> None:
    must = run.report.must
    where = run.said("ip netns exec phone1 ip -4 -o addr show dev wlan1 | awk '{split($4,a,\"/\"); print a[1]}'")
    run.sh("systemd-run -q --unit=vm-neighbour -p NetworkNamespacePath=/run/netns/phone1 python3 -m http.server 8000")
    run.eventually(lambda: run.sh(f"ip netns exec phone1 curl -s -m 5 -o /dev/null http://{where}:8000/").code == 0, 60)
    box = run.sh(f"ip netns exec phone2 ping -n -c 2 -W 5 {BUYERS}")
    must(box.code == 0, "phone 2 reaches the box", box.words)
    other = run.phone(2, "reach", where)
    must(other == {"echo": False, "port": False}, f"and nothing of phone 1's at {where}", other)
    run.sh("systemctl stop vm-neighbour")


def reader(run: Run) -> None:
    """The terminal is plugged in, sells, is pulled out in the middle of a payment, and is asked when it is back."""
    must, saw = run.report.must, run.report.saw
    run.report.chapter("A card terminal on USB")
    run.sh(
        f"echo options g_serial {GADGET} > /etc/modprobe.d/reader.conf; printf 'dummy_hcd\\ng_serial\\n' > /etc/modules-load.d/reader.conf; sync"
    )
    run.sh("modprobe dummy_hcd && modprobe g_serial")
    hold_cable(run)
    must(
        run.eventually(lambda: run.sh(f"test -c {PORT}").code == 0, 60),
        f"it appears as {run.said(f'ls -lL {PORT}')}",
    )
    must("ID_MM_DEVICE_IGNORE=1" in run.said(f"udevadm info {PORT}"), "udev knows it for a card terminal")
    must(
        run.eventually(lambda: run.active(READER), 120),
        f"{READER} was started by it",
        run.said(f"systemctl status --no-pager {READER}")[-800:],
    )
    must(ready(run), "the terminal is ready", run.said(f"journalctl -b -u {READER} --no-pager -o cat | tail -5"))
    before = len(run.promises.told.cards)
    run.crowd("card", TILL, TILL_LINE, "--sales", "1")
    must(
        run.eventually(lambda: len(run.promises.told.cards) > before, 180),
        "a sale is paid by card over it",
        run.promises.ended,
    )
    _pulled(run)
    saw(f"the terminal's books: {[(each.receipt, each.minor, each.state) for each in run.terminal.books()]}")


def _pulled(run: Run) -> None:
    must = run.report.must
    run.terminal.expect()
    run.crowd("card", TILL, TILL_LINE, "--sales", "1")
    if not must(run.terminal.wait(ASKED, 180), "the next amount has been sent to it"):
        return
    pulled = run.sh(_UNPLUG)
    must(pulled.code == 0, "the cable is pulled out", pulled.words)
    must(run.eventually(lambda: run.sh(f"test -e {PORT}").code != 0, 60), "its port is gone")
    seen: dict[str, int] = {}
    run.eventually(
        lambda: "unknown" in seen or bool(seen.update(run.ours("judge", DATA, "states"))) or "unknown" in seen, 90
    )
    run.report.saw(f"the payments stand: {seen}")
    run.sh(_PLUG)
    hold_cable(run)
    must(run.eventually(lambda: run.sh(f"test -c {PORT}").code == 0, 60), "it is plugged in again")
    settled = run.ours("judge", DATA, "settle")
    must(
        settled.get("left") == [],
        f"and no payment stays open ({settled.get('seconds')} s): {settled.get('in_the_end')}",
        settled,
    )
    judged(run)


def hold_cable(run: Run) -> None:
    """Carry the terminal's bytes between the gadget and outside, from now until the power goes."""
    run.sh(
        "systemctl is-active -q vm-cable || systemd-run -q --unit=vm-cable python3 -B /mnt/project/tests/vm/guest/cable.py /dev/ttyGS0"
    )


def ready(run: Run, within_s: float = 150.0) -> bool:
    """Whether the reader's process says that a card may come."""
    return run.eventually(lambda: run.ours("judge", DATA, "reader").get("link") == "ready", within_s)


def judged(run: Run) -> None:
    """Ask everything of the box that was promised until now, with the terminal's own books."""
    books = [(each.receipt, each.minor, each.state, each.tid) for each in run.terminal.books()]
    answer = run.ours("judge", DATA, "judge", fed=json.dumps({"promised": run.promises.as_told(), "books": books}))
    for words in answer.get("found", []):
        run.report.fault(words)
    told = f"{answer.get('promised')} promises kept, {answer.get('events')} events verified, SQLite sound, {len(books)} bookings at the terminal match"
    run.report.must(answer.get("found") == [], told, answer.get("error", ""))


def watchdog(run: Run) -> None:
    """The machine's own watchdog is fed by systemd, and starts a machine anew that hangs."""
    must, saw = run.report.must, run.report.saw
    run.report.chapter("The machine hangs")
    where = "/sys/class/watchdog/watchdog0"
    state = run.said(f"cat {where}/state {where}/identity {where}/timeout")
    must(
        state.startswith("active"),
        f"the watchdog is fed: {' '.join(state.split(chr(10)))}",
        run.said("systemctl show -p RuntimeWatchdogUSec; ls /etc/systemd/system.conf.d"),
    )
    ours = run.said("systemd-analyze cat-config systemd/system.conf | grep RuntimeWatchdogSec=1")
    must(ours == "RuntimeWatchdogSec=15", "and the installer's word for it is read", ours)
    if not state.startswith("active"):
        return
    boot = run.said("cat /proc/sys/kernel/random/boot_id")
    run.sh("sysctl -q kernel.panic=0; sync")
    began = time.monotonic()
    run.machine.run("sh", "-c", "(sleep 1; echo c > /proc/sysrq-trigger) >/dev/null 2>&1 &")
    saw("the kernel is stopped with everything in it")
    run.machine.wait_for_hello(not_of=boot)
    must(True, f"the watchdog started the machine anew; it speaks again after {time.monotonic() - began:.0f} s")
    up(run)
