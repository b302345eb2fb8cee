"""The release that the installer in the machine will find built: by its own tool, under the system's own Python, on this machine's processor.

An emulated processor takes a quarter of an hour for what takes a real one half a minute; the rest of the installation is done inside.
"""

from __future__ import annotations

from pathlib import Path

from tests.vm.store import do

#: In a mount namespace of its own, which takes every mount along when it ends. $1 disk, $2 project, $3 wheels, $4 a folder to mount on.
_SCRIPT = """set -eu
mount -o loop "$1" "$4"
mount --bind "$2" "$4/mnt/project"
mount --bind "$3" "$4/mnt/wheels"
mount -t proc proc "$4/proc"
mount --bind /dev "$4/dev"
cd "$4"
chroot "$4" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root sh -c '
    cd /mnt/project && exec python3 -E -s -B -m stall.box.install.release build /mnt/project /opt/stall/releases --wheelhouse /mnt/wheels'
cd /
umount "$4/dev" "$4/proc" "$4/mnt/wheels" "$4/mnt/project" "$4"
"""


def build(disk: Path, project: Path, wheels: Path, mount: Path) -> str:
    """Build it on the disk of a machine that is off; its name. Raises CannotMake."""
    mount.mkdir()
    said = do("unshare", "--mount", "--propagation", "private", "sh", "-c", _SCRIPT, "sh", disk, project, wheels, mount)
    mount.rmdir()
    return said.strip().splitlines()[-1]
