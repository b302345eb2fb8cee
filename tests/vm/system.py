"""The Debian system of the virtual machine, its kernel, and the small first file system that finds the disk.

Begins with the root that the tests of the appliance keep. Nothing of ours is in it but an agent's unit: the appliance is
installed by its own installer, in the running machine, from the project mounted there.
"""

from __future__ import annotations

import gzip
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from tests.appliance import cache
from tests.vm import store
from tests.vm.store import do

#: What phones in this machine need; and the first file system.
PHONES = ("wpasupplicant", "isc-dhcp-client", "curl", "iputils-ping", "busybox-static")
#: Loaded before the disk can be read; everything else by udev, from the disk.
EARLY = ("virtio_blk", "ext4")
#: How many radios there are: the box's, and one for each phone.
RADIOS = 4
DISK_MIB, DATA_MIB = 4096, 2048
_RECIPE = "6"  # of what is written into the system below

_AGENT = """[Unit]
Description=Does what the tests outside this machine ask
DefaultDependencies=no
After=local-fs.target systemd-udevd.service
Conflicts=shutdown.target
Before=shutdown.target

[Service]
ExecStart=/usr/bin/python3 -B /mnt/project/tests/vm/guest/agent.py
StandardOutput=journal+console
KillMode=process
Restart=always
RestartSec=1
OOMScoreAdjust=-1000

[Install]
WantedBy=sysinit.target
"""
_FILES = {
    "etc/hostname": "stall\n",
    "etc/hosts": "127.0.0.1 localhost stall\n",
    "etc/machine-id": "7c0ffee07c0ffee07c0ffee07c0ffee0\n",
    "etc/fstab": (
        "/dev/vda / ext4 errors=remount-ro 0 1\n"
        "/dev/vdb /var/lib/stall ext4 noatime,errors=remount-ro,x-systemd.device-timeout=180 0 2\n"
        "project /mnt/project 9p ro,trans=virtio,version=9p2000.L,msize=262144,cache=loose 0 0\n"
        "wheels /mnt/wheels 9p ro,trans=virtio,version=9p2000.L,msize=262144,cache=loose,nofail 0 0\n"
    ),
    "etc/modules-load.d/vm.conf": "mac80211_hwsim\nvirtio_console\n",
    "etc/modprobe.d/vm.conf": f"options mac80211_hwsim radios={RADIOS}\n",
    "etc/systemd/system/vm-agent.service": _AGENT,
    "etc/systemd/system/sysinit.target.wants/vm-agent.service": None,
    # Ours says 15 s, which an emulated machine beside busy others does not keep: it may take longer than that to read its units anew.
    "etc/systemd/system.conf.d/90-vm.conf": "[Manager]\nRuntimeWatchdogSec=90\n",
    "etc/systemd/journald.conf.d/90-vm.conf": "[Journal]\nForwardToConsole=no\n",
}
#: Units that would only cost time here.
_MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service",
    "fstrim.timer", "man-db.timer", "logrotate.timer", "getty@tty1.service", "serial-getty@ttyS0.service",
    "wpa_supplicant.service", "systemd-logind.service", "nginx.service", "hostapd.service", "dnsmasq.service", "nftables.service",
    "systemd-binfmt.service", "proc-sys-fs-binfmt_misc.automount", "proc-sys-fs-binfmt_misc.mount", "modprobe@fuse.service",
    "ldconfig.service", "systemd-journal-catalog-update.service", "systemd-update-done.service", "systemd-tpm2-setup.service",
    "systemd-networkd-wait-online.service", "systemd-firstboot.service", "systemd-pcrlock-make-policy.service",
)  # fmt: skip

_INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /new
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs dev /dev
while read -r module; do /bin/busybox insmod "/modules/$module"; done </modules/order
n=0
while [ ! -b /dev/vda ] && [ "$n" -lt 100 ]; do /bin/busybox sleep 0.1; n=$((n + 1)); done
/bin/busybox mount -t ext4 -o ro,errors=remount-ro /dev/vda /new || exec /bin/busybox sh
/bin/busybox umount /proc /sys
/bin/busybox mount --move /dev /new/dev
exec /bin/busybox switch_root /new /sbin/init
"""


@dataclass(frozen=True)
class System:
    """What a machine boots: kernel, first file system, and the disk that each run copies."""

    kernel: Path
    first: Path
    disk: Path


def system() -> System:
    """Give the system, made the first time it is asked for. Raises CannotMake."""
    with cache.root() as root:
        recipe = [_RECIPE, root.name, *PHONES, *map(str, _FILES.items()), *_MASKED, _INIT, str(DISK_MIB)]
        place = store.kept("system", recipe, lambda draft: _make(draft, root))
    return System(place / "vmlinuz", place / "first.gz", place / "disk.raw")


def data_disk(file: Path) -> None:
    """Make the card of the data folder. Raises CannotMake."""
    _empty(file, DATA_MIB)
    do("mkfs.ext4", "-q", "-L", "card", "-E", "lazy_itable_init=0", file)


def _make(place: Path, begun: Path) -> None:
    root = place / "root"
    do("cp", "-a", "--reflink=auto", begun, root)
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    _in(root, "apt-get", "update", "-qq")
    _in(root, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *PHONES)
    version = _kernel(place, root)
    _first(place, root, version)
    _furnish(root)
    _empty(place / "disk.raw", DISK_MIB)
    do("mkfs.ext4", "-q", "-L", "root", "-E", "lazy_itable_init=0", "-d", root, place / "disk.raw")
    shutil.rmtree(root)


def _in(root: Path, *command: str) -> str:
    """Run a command in the new system."""
    return do("chroot", root, "/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command)  # fmt: skip


def _kernel(place: Path, root: Path) -> str:
    """Unpack Debian's kernel, which is not installed: that would make a first file system ten times the size."""
    needs = _in(root, "apt-cache", "depends", "linux-image-amd64")
    package = next(line.split(": ", 1)[1] for line in needs.splitlines() if "Depends: linux-image-" in line)
    _in(root, "sh", "-c", f"cd /tmp && apt-get download -qq {package}")
    (file,) = (root / "tmp").glob("linux-image-*.deb")
    unpacked = place / "kernel"
    do("dpkg-deb", "-x", file, unpacked)
    file.unlink()
    version = package.removeprefix("linux-image-")
    shutil.copyfile(unpacked / "boot" / f"vmlinuz-{version}", place / "vmlinuz")
    do("cp", "-a", unpacked / "usr/lib/modules", root / "usr/lib")
    do(
        "find", root / "usr/lib/modules", "-name", "*.ko.xz", "-exec", "unxz", "-T1", "{}", "+"
    )  # an emulated processor is slow at it
    (root / "boot").mkdir(exist_ok=True)
    shutil.copyfile(unpacked / "boot" / f"System.map-{version}", root / "boot" / f"System.map-{version}")
    _in(root, "depmod", "-F", f"/boot/System.map-{version}", version)
    shutil.rmtree(unpacked)
    return version


def _first(place: Path, root: Path, version: str) -> None:
    """Pack busybox and the few modules without which the disk cannot be read."""
    tree = place / "first"
    (tree / "bin").mkdir(parents=True)
    (tree / "modules").mkdir()
    shutil.copy2(root / "usr/bin/busybox", tree / "bin/busybox")
    order: list[str] = []
    for line in _in(root, "modprobe", "-S", version, "--show-depends", "-a", *EARLY).splitlines():
        if not line.startswith("insmod "):
            continue
        packed = root / line.split()[1].lstrip("/")
        if packed.name not in order:
            order.append(packed.name)
            shutil.copyfile(packed, tree / "modules" / packed.name)
    (tree / "modules/order").write_text("".join(f"{name}\n" for name in order), encoding="ascii")
    init = tree / "init"
    init.write_text(_INIT, encoding="ascii")
    init.chmod(0o755)
    archive = place / "first.cpio"
    do("sh", "-c", f"find . | cpio --quiet -o -H newc > '{archive}'", cwd=tree)
    (place / "first.gz").write_bytes(gzip.compress(archive.read_bytes(), 6))
    archive.unlink()
    shutil.rmtree(tree)


def _furnish(root: Path) -> None:
    """Write what makes it this machine, and leave out what only costs time."""
    for name, words in _FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        if words is None:
            file.symlink_to(f"/etc/systemd/system/{file.name}")
        else:
            file.write_text(words, encoding="ascii")
    for unit in _MASKED:
        mask = root / "etc/systemd/system" / unit
        mask.unlink(missing_ok=True)
        mask.symlink_to("/dev/null")
    for folder in ("mnt/project", "mnt/wheels", "var/lib/stall"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("var/cache/apt/archives", "var/lib/apt/lists"):
        for file in (root / folder).glob("*"):
            if stat.S_ISREG(file.lstat().st_mode):
                file.unlink()
    (root / "etc/resolv.conf").unlink()


def _empty(file: Path, mib: int) -> None:
    with file.open("wb") as made:
        os.truncate(made.fileno(), mib * 2**20)
