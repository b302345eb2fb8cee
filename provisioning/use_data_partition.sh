#!/bin/sh
# Lays the stall's folders on the partition for data of this card, before the stall is installed: docs/firmware.md.
# Nothing is moved: a database that changes its place is a copy to the box, and begins a new epoch.
set -u

LABEL=stall-data
MOUNT=/data

say() { printf 'stall: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

[ "$(id -u)" -eq 0 ] || fail "This mounts a partition: run it with sudo."
device=$(findfs "LABEL=$LABEL" 2>/dev/null) || fail "This machine has no partition with the label $LABEL. provisioning/data_partition.sh makes one."
if ! mountpoint -q "$MOUNT"; then
    { mkdir -p "$MOUNT" && mount -o noatime "$device" "$MOUNT"; } || fail "$device could not be mounted at $MOUNT."
fi
# Folder there, place here, rights.
while read -r folder place mode; do
    mountpoint -q "$place" && continue
    if [ -d "$place" ] && [ -n "$(ls -A "$place")" ] && [ "$place" != /var/lib/systemd/timesync ]; then
        fail "$place is not empty: a stall is installed already, and its data stays where it is. Use a fresh card."
    fi
    { mkdir -p "$MOUNT/$folder" "$place" && chmod "$mode" "$MOUNT/$folder" && mount --bind "$MOUNT/$folder" "$place"; } ||
        fail "$MOUNT/$folder could not be laid at $place."
done <<'TABLE'
stall /var/lib/stall 0750
opt-stall /opt/stall 0755
timesync /var/lib/systemd/timesync 0755
TABLE
owner=$(id -u systemd-timesync 2>/dev/null) && chown "$owner" "$MOUNT/timesync"
say "The stall's folders lie on $device. Now install it: sudo ./setup.sh install"
