#!/bin/sh
# Makes the partition for data (label stall-data) on a card that was just written with Raspberry Pi OS and never started.
# For a card in another machine, as root, or for an image file, as anybody. docs/firmware.md says what it is for.
#
# At its first start Raspberry Pi OS gives the root the rest of the card. With a partition behind it that fails, is said, and the start goes
# on (raspberrypi-sys-mods, scripts resize_early and firstboot): so the root is made as large here as it will ever be.
set -eu

ROOT_GB=8
LEAST_DATA_MB=1000
SECTOR=512
ALIGN=8192 # sectors: 4 MiB, the erase block of a card

usage() { echo "Usage: provisioning/data_partition.sh [--root-gb N] DEVICE-OR-IMAGE   (N: how large the root becomes, from 4; 8 unless said)" >&2; }
fail() { echo "stall: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

TARGET=''
while [ $# -gt 0 ]; do
    case $1 in
        --root-gb)
            [ $# -ge 2 ] || { usage; exit 2; }
            ROOT_GB=$2
            shift
            ;;
        -h | --help) usage; exit 0 ;;
        -*) usage; exit 2 ;;
        *)
            [ -z "$TARGET" ] || { usage; exit 2; }
            TARGET=$1
            ;;
    esac
    shift
done
case $ROOT_GB in '' | *[!0-9]*) usage; exit 2 ;; esac
if [ -z "$TARGET" ] || [ "$ROOT_GB" -lt 4 ] || [ "$ROOT_GB" -gt 1000 ]; then
    usage
    exit 2
fi

PATH=$PATH:/usr/sbin:/sbin
for tool in sfdisk mkfs.ext4 resize2fs e2fsck e2image blkid; do
    have "$tool" || fail "$tool is missing. On Debian: apt-get install fdisk e2fsprogs util-linux"
done

# ---------------------------------------------------------------- is it such a card?

[ -e "$TARGET" ] || fail "$TARGET is not there."
REAL=$(readlink -f "$TARGET")
case $REAL in *[!A-Za-z0-9/._-]*) fail "the name $REAL has signs that the tools for disks read in their own way. Rename it." ;; esac
if [ -b "$REAL" ]; then
    NAME=${REAL##*/}
    [ -d "/sys/block/$NAME" ] || fail "$TARGET is not a whole disk. Name the card itself, like /dev/sdb or /dev/mmcblk0, not a partition of it."
    [ -w "$REAL" ] || fail "$TARGET may be written by root only. Put sudo in front of the command."
    # A disk that is in use, by whatever of its partitions, is nobody's spare card.
    if grep -Eq "^$REAL(p?[0-9]+)? " /proc/mounts || grep -Eq "^$REAL(p?[0-9]+)?[[:space:]]" /proc/swaps; then
        fail "$TARGET is in use: a part of it is mounted. Unmount it first; if it is the disk of this machine, it is not the card you mean."
    fi
    [ -z "$(ls -A "/sys/block/$NAME/holders")" ] || fail "$TARGET is in use by another disk of this machine."
    SIZE=$(cat "/sys/block/$NAME/size")
elif [ -f "$REAL" ]; then
    [ -w "$REAL" ] || fail "$TARGET may not be written."
    SIZE=$(($(wc -c <"$REAL") / SECTOR))
else
    fail "$TARGET is neither a card nor an image file."
fi

TABLE=$(sfdisk --dump "$REAL" 2>/dev/null) || fail "$TARGET has no table of partitions. Write Raspberry Pi OS to it first."
entry() { printf '%s\n' "$TABLE" | sed -n "s|^${REAL}p*$1 : ||p"; }
field() { entry "$1" | sed -n "s/.*$2= *\([0-9a-fA-F]*\).*/\1/p"; }
kind_at() { blkid -p -o value -s TYPE --offset $(($1 * SECTOR)) "$REAL" 2>/dev/null || true; }
label_at() { blkid -p -o value -s LABEL --offset $(($1 * SECTOR)) "$REAL" 2>/dev/null || true; }

OTHER="is no card as Raspberry Pi OS makes it, so nothing was changed"
printf '%s\n' "$TABLE" | grep -q '^label: dos$' || fail "$TARGET $OTHER: its table of partitions is of another kind."
if [ -z "$(entry 1)" ] || [ -z "$(entry 2)" ]; then fail "$TARGET $OTHER: it has no two partitions."; fi
if [ -n "$(entry 3)" ] && [ "$(label_at "$(field 3 start)")" = stall-data ]; then fail "$TARGET has a partition for data already. Nothing was changed."; fi
[ "$(printf '%s\n' "$TABLE" | grep -c "^$REAL")" = 2 ] || fail "$TARGET $OTHER: it has more than two partitions."
case $(field 1 type) in b | c | e) ;; *) fail "$TARGET $OTHER: its first partition is not for the firmware." ;; esac
[ "$(field 2 type)" = 83 ] || fail "$TARGET $OTHER: its second partition is not of Linux."
START=$(field 2 start)
END=$((START + $(field 2 size)))
[ "$START" -gt "$(field 1 start)" ] || fail "$TARGET $OTHER: its root stands before the firmware."
[ "$(kind_at "$START")" = ext4 ] || fail "$TARGET $OTHER: its root is not ext4."

# ---------------------------------------------------------------- is there room?

mb() { echo $(($1 * SECTOR / 1000000)); }
up() { echo $((($1 + ALIGN - 1) / ALIGN * ALIGN)); }
ROOT_END=$(up $((START + ROOT_GB * 1000000000 / SECTOR)))
[ "$ROOT_END" -gt "$END" ] || ROOT_END=$(up "$END")
# MBR counts to 2^32 sectors.
LAST=$SIZE
[ "$LAST" -le 4294967296 ] || LAST=4294967296
DATA_END=$((LAST / ALIGN * ALIGN))
if [ $((END + ALIGN)) -gt "$LAST" ]; then
    fail "$TARGET was started already: its root fills the card. Write it anew, and make the partition before the first start."
fi
ROOM=$(mb $((DATA_END - ROOT_END)))
if [ "$DATA_END" -le "$ROOT_END" ] || [ "$ROOM" -lt "$LEAST_DATA_MB" ]; then
    fail "$TARGET has $(mb "$SIZE") MB: too few for a root of $(mb $((ROOT_END - START))) MB and $LEAST_DATA_MB MB of data. Take a larger card, or a smaller root (--root-gb)."
fi

# ---------------------------------------------------------------- make it

# Interrupted anywhere, it can be run again: until its last step the card has two partitions, the second perhaps larger already.
try() {
    OUTPUT=$("$@" 2>&1) && return
    printf '%s\n' "$OUTPUT" >&2
    fail "$1 did not do its work; its own words are above. Run this again, or write Raspberry Pi OS anew."
}
partition() { # what, and which of them
    line=$1
    shift
    OUTPUT=$(printf '%s\n' "$line" | sfdisk --quiet --no-reread --no-tell-kernel --wipe never --wipe-partitions never "$@" "$REAL" 2>&1) && return
    printf '%s\n' "$OUTPUT" >&2
    fail "sfdisk did not do its work; its own words are above. Write Raspberry Pi OS anew."
}

# A file is cut off by resize2fs and mkfs.ext4 behind what they made, counted from its beginning (e2fsprogs 1.47). So the root of an image
# is made larger in a file of its own, and the image gets its size back. A card they cannot cut.
enlarge() { # where its file system is
    code=0
    OUTPUT=$(e2fsck -f -p "$1" 2>&1) || code=$?
    [ "$code" -le 1 ] || { printf '%s\n' "$OUTPUT" >&2; fail "the root of $TARGET is damaged. Write Raspberry Pi OS to it again."; }
    try resize2fs "$1" "$((ROOT_END - START))s"
}

partition "$START,$((ROOT_END - START)),83" -N 2
if [ -b "$REAL" ]; then
    enlarge "$REAL?offset=$((START * SECTOR))"
else
    BESIDE=$(mktemp "$REAL.root.XXXXXX")
    trap 'rm -f "$BESIDE"' EXIT
    trap 'exit 1' INT TERM HUP
    try e2image -ra -o "$((START * SECTOR))" "$REAL" "$BESIDE"
    try truncate -s "$(((ROOT_END - START) * SECTOR))" "$BESIDE"
    enlarge "$BESIDE"
    try e2image -ra -O "$((START * SECTOR))" "$BESIDE" "$REAL"
fi
try mkfs.ext4 -q -F -L stall-data -m 1 -E "offset=$((ROOT_END * SECTOR))" "$REAL" "$(((DATA_END - ROOT_END) / 2))k"
[ -b "$REAL" ] || try truncate -s "$((SIZE * SECTOR))" "$REAL"
partition "$ROOT_END,$((DATA_END - ROOT_END)),83" --append
sync "$REAL"
[ ! -b "$REAL" ] || blockdev --rereadpt "$REAL" 2>/dev/null || true
echo "stall: $TARGET has a root of $(mb $((ROOT_END - START))) MB and $ROOM MB for data. Start the Raspberry Pi with it, then install." >&2
