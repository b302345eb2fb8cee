"""Every path of the stall on the appliance, once.

They are as the running appliance sees them; `under` gives one below another root (a chroot, a card that is mounted somewhere).
"""

from __future__ import annotations

from pathlib import Path

# ---------------------------------------------------------------- the program
OPT = "/opt/stall"
RELEASES = "/opt/stall/releases"
#: Leads to the release that runs.
CURRENT = "/opt/stall/current"
PROGRAM = "/opt/stall/current/.venv/bin/stall"
#: Runs PROGRAM as the user of the stall when root calls it.
WRAPPER = "/usr/local/bin/stall"
SHARE = "/usr/share/stall"
STATIC = "/usr/share/stall/static"

# ---------------------------------------------------------------- who runs it
USER = "stall"
GROUP = "stall"
#: As whom nginx's workers run; in the group of the stall, for its sockets.
WEB_USER = "www-data"
#: Of the user of the stall, where they exist: terminals, `vcgencmd`, printers, both of these by USB.
GROUPS = ("dialout", "video", "lp", "plugdev")

# ---------------------------------------------------------------- what it keeps
#: The box's data folder: settings, keys, database, files.
DATA = "/var/lib/stall"
SETTINGS = "/var/lib/stall/settings.toml"
KEYS = "/var/lib/stall/keys"
#: What systemd-timesyncd remembers of the time.
TIMESYNC = "/var/lib/systemd/timesync"
#: Where the data partition is mounted, and what is bound from it.
DATA_MOUNT = "/data"
DATA_LABEL = "stall-data"

# ---------------------------------------------------------------- while it runs
RUN = "/run/stall"
BUYERS_SOCKET = "/run/stall/buyers.sock"
TILL_SOCKET = "/run/stall/till.sock"
TRANSFERS_SOCKET = "/run/stall/transfers.sock"
LEASES = "/run/stall-lan/leases"
#: Where the till asks to switch the machine off.
POWER_SOCKET = "/run/stall/power.sock"
RUN_NGINX = "/run/stall-nginx"
#: Where our nginx finds its keys: copies that the service manager gives to it alone (stall-nginx.service).
NGINX_KEYS = "/run/credentials/stall-nginx.service"
#: The secret of the board, as root read it for whoever must open the box's key (stall-board.service).
RUN_BOARD = "/run/stall-board"
BOARD_SECRET = "/run/stall-board/secret"  # noqa: S105 - a path, not what lies there
RUN_AP = "/run/stall-ap"
#: hostapd's configuration with the channel that was found.
HOSTAPD_NOW = "/run/stall-ap/hostapd.conf"
#: Whom the name service asks beyond the uplink, and its number.
RUN_LAN = "/run/stall-lan"

# ---------------------------------------------------------------- our configuration
ETC = "/etc/stall"
MANIFEST = "/etc/stall/manifest.json"
NGINX = "/etc/stall/nginx"
NGINX_MAIN = "/etc/stall/nginx/nginx.conf"
NGINX_BUYERS = "/etc/stall/nginx/stall-buyers.conf"
NGINX_TILL = "/etc/stall/nginx/stall-till.conf"
HOSTAPD = "/etc/stall/hostapd.conf"
DNSMASQ = "/etc/stall/dnsmasq.conf"
NFTABLES = "/etc/stall/nftables.nft"

# ---------------------------------------------------------------- in folders of the system
UNITS = "/etc/systemd/system"
#: The last name counts, whichever folder it is in, and Raspberry Pi OS brings 40- and 70- of these (raspberrypi-sys-mods).
JOURNALD = "/etc/systemd/journald.conf.d/90-stall.conf"
TIMESYNCD = "/etc/systemd/timesyncd.conf.d/90-stall.conf"
SYSTEM = "/etc/systemd/system.conf.d/90-stall.conf"
NETWORK_MANAGER = "/etc/NetworkManager/conf.d/10-stall.conf"
UDEV_READER = "/etc/udev/rules.d/60-stall-reader.rules"
UDEV_PRINTER = "/etc/udev/rules.d/60-stall-printer.rules"
SYSCTL = "/etc/sysctl.d/60-stall.conf"
TMPFILES = "/etc/tmpfiles.d/stall.conf"
SYSUSERS = "/etc/sysusers.d/stall.conf"
MODPROBE = "/etc/modprobe.d/stall.conf"
#: How much memory Raspberry Pi OS swaps to, and where (its own program reads it).
SWAP = "/etc/rpi/swap.conf.d/90-stall.conf"
FSTAB = "/etc/fstab"
#: Where Raspberry Pi OS mounts what the firmware reads; before Bookworm it was /boot itself.
BOOT = ("/boot/firmware", "/boot")


def under(root: Path, place: str) -> Path:
    """Where a place of the appliance lies below `root`."""
    return root / place.lstrip("/")
