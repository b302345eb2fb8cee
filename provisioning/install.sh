# shellcheck shell=sh
# Sourced by setup.sh: `install` turns this machine into the appliance, `wheelhouse` fetches what that needs without a network.
# POSIX sh. Looks, brings Debian packages, builds the release; the rest is done by the release itself (`stall appliance`).

# Before every path of the machine; empty but in tests.
SYSTEM_ROOT=${STALL_SYSTEM_ROOT:-}
RELEASES=$SYSTEM_ROOT/opt/stall/releases
CURRENT=$SYSTEM_ROOT/opt/stall/current
PACKAGES=$LOCKS/packages.txt
ROOM_MIB=600
MEMORY_MIB=380

install_usage() {
    cat <<'USAGE'
Usage: sudo ./setup.sh install [OPTIONS]

Turns this machine (Raspberry Pi OS or Debian 12 or 13, 64 bit) into the stall: users, box, Wi-Fi, services. Run it again after
an update or a changed setting; where nothing is to be changed, nothing is touched. docs/installing.md says all of it.

  --country CC      where the radio stands, two letters like DE; without it no Wi-Fi starts
  --name "NAME"     the stall's name, as buyers read it
  --from FILE       a settings.toml to take
  --wheelhouse DIR  install without a network, from a folder made by `./setup.sh wheelhouse DIR`
  --check           only say what would change: exit code 3 if anything would, 0 if nothing
  --now             also while a shift or a drop is open
  --root DIR        install into the root folder of another system; its first boot does the rest
  --uninstall       take the stall away and put back what stood there before; the data folder stays
  --purge-data      with --uninstall: the data folder too, after asking for the stall's name
  --yes             with --purge-data: without asking
USAGE
}

# Name and number of the system: "debian 13". Raspberry Pi OS says it is Debian, with Debian's number.
system_of() {
    (
        ID='' ID_LIKE='' VERSION_ID=''
        # shellcheck disable=SC1091  # the system's own
        . "$SYSTEM_ROOT/etc/os-release" 2>/dev/null
        case " $ID $ID_LIKE " in *' debian '*) echo "debian ${VERSION_ID:-?}" ;; *) echo "${ID:-unknown} ${VERSION_ID:-}" ;; esac
    )
}

PROBLEMS=''
problem() { PROBLEMS="$PROBLEMS$NL  - $*"; }

# Everything that is wrong, in one answer.
preflight() {
    # --check as an ordinary user looks as far as it may.
    [ "$CHECK" = yes ] || [ "$(id -u)" -eq 0 ] || problem 'only root may install. Run: sudo ./setup.sh install'
    system=$(system_of)
    case $system in
        'debian 12' | 'debian 13') : ;;
        *) problem "this is neither Raspberry Pi OS nor Debian 12 or 13 but $system." ;;
    esac
    machine=$(uname -m)
    case $machine in
        aarch64 | x86_64)
            [ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 64 ] || problem 'this is a 32-bit system. Use the 64-bit Raspberry Pi OS.' ;;
        *) problem "this is a $machine system, and the packages exist for 64 bits only. Use the 64-bit Raspberry Pi OS." ;;
    esac
    [ -d "$SYSTEM_ROOT/run/systemd/system" ] || [ "$STAGED" = yes ] ||
        problem 'systemd does not run here. For the root folder of another system there is --root DIR.'
    room=$(df -Pk "$SYSTEM_ROOT/" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "${room:-$ROOM_MIB}" -ge "$ROOM_MIB" ] || problem "the disk is nearly full: $room MiB are free, it needs $ROOM_MIB. Make room."
    if [ "$STAGED" = no ]; then
        memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' "$SYSTEM_ROOT/proc/meminfo" 2>/dev/null)
        [ "${memory:-$MEMORY_MIB}" -ge "$MEMORY_MIB" ] || problem "there is too little memory: $memory MiB, it needs $MEMORY_MIB."
        # https://www.raspberrypi.com/documentation/computers/os.html#get_throttled: bit 0 is under-voltage now.
        if have vcgencmd && bits=$(vcgencmd get_throttled 2>/dev/null) && [ $((${bits#*=} & 1)) -ne 0 ]; then
            problem 'the power supply gives too little voltage. Use the one made for this Pi, or a shorter cable.'
        fi
        ! grep -qs ' / overlay ' "$SYSTEM_ROOT/proc/mounts" || ! grep -qs overlayroot= "$SYSTEM_ROOT/proc/cmdline" ||
            problem 'the root folder is read-only here, so all of it would be gone with the next start. Switch the overlay off first.'
    fi
    # Before this version was made, nothing can be signed, and no certificate of the index holds yet.
    built=$(sed -n 's/^BUILD_MS = \([0-9_]*\)_[0-9]\{3\}$/\1/p' "$ROOT/stall/clock.py" 2>/dev/null | tr -d _)
    [ "$(date +%s)" -ge "${built:-0}" ] ||
        problem "the clock of this machine is wrong: it says $(date +%Y-%m-%d). Set it: sudo date -s 'YYYY-MM-DD HH:MM'"
}

missing_packages() {
    sed -n 's/^\([a-z0-9][a-z0-9.+-]*\).*/\1/p' "$PACKAGES" | while read -r name; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf ' %s' "$name"
    done
}

# Debian starts what it installs; ours are instances of their own, and two on one port do not get along.
bring_packages() {
    missing=$(missing_packages)
    missing=${missing# }
    [ -n "$missing" ] || return 0
    say "installing packages of the system: $missing"
    [ "$STAGED" = yes ] || systemctl mask --runtime --quiet nginx.service hostapd.service dnsmasq.service 2>/dev/null
    # shellcheck disable=SC2086  # a list of package names
    output=$({ apt-get -o DPkg::Lock::Timeout=60 update -qq && env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=60 install -y -qq --no-install-recommends $missing; } </dev/null 2>&1)
    code=$?
    [ "$STAGED" = yes ] || systemctl unmask --runtime --quiet nginx.service hostapd.service dnsmasq.service 2>/dev/null
    [ "$code" -eq 0 ] && [ -z "$(missing_packages)" ] && return 0
    printf '%s\n' "$output" >&2
    case $output in
        *'Could not get lock'* | *'is another process using it'*) fail 'Another program installs packages right now (apt is locked). Wait until it is done, then run this again.' ;;
        *'No space left on device'* | *'enough free space'*) fail 'The disk is full. Make room and run this again.' ;;
        *'Temporary failure resolving'* | *'Could not connect'* | *'Could not resolve'* | *'Unable to locate package'* | *'Unable to fetch'* | *'Failed to fetch'*)
            fail "No way to the packages of the system. Missing: $missing. Connect this machine to the internet once, or install them by hand; the rest needs none with --wheelhouse." ;;
        *'dpkg was interrupted'*) fail "An earlier installation of packages was cut off. Run: sudo dpkg --configure -a" ;;
        *) fail "apt-get could not install $missing; its own words are above." ;;
    esac
}

# The stall runs under the system's own Python: its security fixes come by apt.
system_python() {
    PYTHON=$SYSTEM_ROOT/usr/bin/python3
    answer=$("$PYTHON" -I -c "$PROBE" 2>/dev/null) || fail "The system's Python is missing, or not 3.11 to 3.14. Run: sudo apt-get install python3 python3-venv"
    FOUND=${answer%% *}
}

release_tool() { (cd "$ROOT" && exec "$PYTHON" -E -s -B -m stall.box.install.release "$@"); }

# Asks the program that runs now; before the first installation nobody is busy.
refuse_while_busy() {
    [ -x "$CURRENT/.venv/bin/stall" ] && [ "$NOW" = no ] || return 0
    [ "$(basename "$(readlink -f "$CURRENT")")" != "$1" ] || return 0
    busy=$("$CURRENT/.venv/bin/stall" appliance status --json 2>/dev/null | sed -n 's/.*"busy": "\([^"]*\)".*/\1/p')
    [ -z "$busy" ] || fail "Nothing was changed, because $busy. Close it first, or say --now."
}

run_install() {
    CHECK=no NOW=no STAGED=no TARGET='' UNINSTALL=no PURGE=no YES=no WHEELHOUSE='' COUNTRY='' NAME='' FROM=''
    while [ $# -gt 0 ]; do
        case $1 in
            --check) CHECK=yes ;;
            --now) NOW=yes ;;
            --uninstall) UNINSTALL=yes ;;
            --purge-data) PURGE=yes ;;
            --yes) YES=yes ;;
            --staged) STAGED=yes ;; # called by ourselves, inside the root folder of another system
            --root | --wheelhouse | --country | --name | --from)
                [ $# -gt 1 ] || install_wrong "$1 needs a value."
                case $1 in
                    --root) TARGET=$2; [ -d "$TARGET/etc" ] || install_wrong "$TARGET is no root folder of a system." ;;
                    --wheelhouse) WHEELHOUSE=$(CDPATH='' cd -- "$2" 2>/dev/null && pwd -P) || install_wrong "there is no folder $2." ;;
                    --country) COUNTRY=$2; case $2 in [A-Z][A-Z]) : ;; *) install_wrong '--country is two capital letters, like DE.' ;; esac ;;
                    --name) NAME=$2 ;;
                    --from) FROM=$(CDPATH='' cd -- "$(dirname -- "$2")" 2>/dev/null && pwd -P)/$(basename -- "$2"); [ -f "$FROM" ] || install_wrong "there is no file $2." ;;
                esac
                shift ;;
            -h | --help) install_usage; exit 0 ;;
            *) install_wrong "install has no option '$1'." ;;
        esac
        shift
    done
    [ "$PURGE" = no ] || [ "$UNINSTALL" = yes ] || install_wrong '--purge-data goes with --uninstall.'
    [ -z "$TARGET" ] || { install_into_root; exit; }
    [ "$UNINSTALL" = no ] || { uninstall; return; }
    preflight
    [ -z "$PROBLEMS" ] || fail "Nothing was changed:$PROBLEMS"
    if [ "$CHECK" = yes ]; then check_only; else install_here; fi
}

install_wrong() { say "$*"; install_usage >&2; exit 2; }

check_only() {
    would=no
    missing=$(missing_packages)
    [ -z "$missing" ] || { would=yes; echo "install packages of the system:$missing"; }
    if [ ! -x "$SYSTEM_ROOT/usr/bin/python3" ]; then
        echo 'build the release and install all of it'
        exit 3
    fi
    system_python
    name=$(release_tool name "$ROOT") || exit 1
    if [ -d "$RELEASES/$name" ]; then
        if [ "$STAGED" = yes ]; then
            set -- --check
            [ -z "$COUNTRY" ] || set -- "$@" --country "$COUNTRY"
            [ -z "$NAME" ] || set -- "$@" --name "$NAME"
            [ -z "$FROM" ] || set -- "$@" --from "$FROM"
            "$RELEASES/$name/.venv/bin/stall" appliance stage "$@"
        else
            "$RELEASES/$name/.venv/bin/stall" appliance check
        fi
        code=$?
        [ "$code" -ne 0 ] || [ "$would" = no ] || code=3
        exit "$code"
    fi
    if [ -e "$CURRENT" ]; then
        echo "build release $name, and change over from $(basename "$(readlink -f "$CURRENT")")"
    else
        echo "build release $name, and install all of it"
    fi
    exit 3
}

install_here() {
    umask 022
    trap 'say "interrupted; nothing was changed but packages of the system. Run this again."; exit 1' INT TERM HUP
    bring_packages
    system_python
    name=$(release_tool name "$ROOT") || exit 1
    refuse_while_busy "$name"
    [ -d "$RELEASES/$name" ] || say "building release $name under Python $FOUND; on a Pi this takes some minutes"
    release=$(release_tool build "$ROOT" "$RELEASES" ${WHEELHOUSE:+--wheelhouse "$WHEELHOUSE"}) || exit 1
    trap - INT TERM HUP
    if [ "$STAGED" = yes ]; then set -- stage; else set -- apply; fi
    [ "$NOW" = no ] || [ "$STAGED" = yes ] || set -- "$@" --now
    [ -z "$COUNTRY" ] || set -- "$@" --country "$COUNTRY"
    [ -z "$NAME" ] || set -- "$@" --name "$NAME"
    [ -z "$FROM" ] || set -- "$@" --from "$FROM"
    exec "$release/.venv/bin/stall" appliance "$@"
}

uninstall() {
    [ "$(id -u)" -eq 0 ] || fail 'Only root may take the stall away. Run: sudo ./setup.sh install --uninstall'
    program=$CURRENT/.venv/bin/stall
    if [ ! -x "$program" ]; then
        for each in "$RELEASES"/*/.venv/bin/stall; do
            [ -x "$each" ] && program=$each
        done
    fi
    [ -x "$program" ] || fail 'There is no stall on this machine.'
    set --
    [ "$NOW" = no ] || set -- "$@" --now
    [ "$PURGE" = no ] || set -- "$@" --purge-data
    [ "$YES" = no ] || set -- "$@" --yes
    "$program" appliance remove "$@" || exit 1
    rm -rf "$RELEASES"
    rmdir "$SYSTEM_ROOT/opt/stall" 2>/dev/null
    say 'the packages of the system stay as they are.'
}

# ---------------------------------------------------------------- into the root folder of another system

# Everything happens inside that root, by its own programs; what is mounted for them is seen by nobody else and gone afterwards.
install_into_root() {
    [ "$(id -u)" -eq 0 ] || fail 'Only root may install into another system. Run: sudo ./setup.sh install --root DIR'
    at=$(CDPATH='' cd -- "$TARGET" && pwd -P) || exit 1
    [ "$at" != / ] || fail 'This root is that of this machine. Leave --root out.'
    chroot "$at" /bin/true 2>/dev/null ||
        fail "The programs below $at do not run on this machine ($(uname -m)). For another processor: apt-get install qemu-user-static binfmt-support"
    inside=$at/opt/stall/.installing
    trap 'rm -rf "$inside"' EXIT
    trap 'say "interrupted; run this again."; exit 1' INT TERM HUP
    rm -rf "$inside"
    mkdir -p "$inside/project" || fail "I cannot write below $at."
    (cd "$ROOT" && tar -c --exclude=__pycache__ --exclude='*.pyc' docs firmware_config provisioning stall static systemd verify \
        CHANGELOG.md CONTRIBUTING.md LICENSE README.md pyproject.toml setup.sh) | tar -x --no-same-owner -C "$inside/project" ||
        fail "The project could not be copied below $at; is the disk full?"
    set -- --staged
    [ "$CHECK" = no ] || set -- "$@" --check
    [ "$UNINSTALL" = no ] || set -- "$@" --uninstall
    [ "$PURGE" = no ] || set -- "$@" --purge-data
    [ "$YES" = no ] || set -- "$@" --yes
    [ -z "$COUNTRY" ] || set -- "$@" --country "$COUNTRY"
    [ -z "$NAME" ] || set -- "$@" --name "$NAME"
    if [ -n "$FROM" ]; then
        cp "$FROM" "$inside/settings.toml" && set -- "$@" --from /opt/stall/.installing/settings.toml
    fi
    if [ -n "$WHEELHOUSE" ]; then
        set -- "$@" --wheelhouse /opt/stall/.installing/wheelhouse
        cp -r "$WHEELHOUSE" "$inside/wheelhouse" ||
            fail "The wheelhouse could not be copied below $at; is the disk full?"
    fi
    # shellcheck disable=SC2016  # for the shell inside
    unshare --mount --propagation private -- sh -c '
        at=$1; shift
        mount -t proc proc "$at/proc" && mount --rbind /dev "$at/dev" || exit 1
        [ ! -e "$at/etc/resolv.conf" ] || [ -L "$at/etc/resolv.conf" ] || mount --bind /etc/resolv.conf "$at/etc/resolv.conf"
        exec chroot "$at" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            /bin/sh /opt/stall/.installing/project/setup.sh install "$@"' sh "$at" "$@"
    code=$?
    rm -rf "$inside"
    rmdir "$at/opt/stall" 2>/dev/null # empty after --check or --uninstall
    [ "$code" -ne 0 ] || [ "$CHECK" = yes ] || [ "$UNINSTALL" = yes ] ||
        say "ready: the first boot of that system makes keys and box, and shows PIN and Wi-Fi on its console."
    return "$code"
}

# ---------------------------------------------------------------- wheels for a machine without a network

run_wheelhouse() {
    # shellcheck disable=SC2153  # set by setup.sh
    find_python || { [ "$SYSTEM" = no ] || install_system "$(venv_package)"; find_python; } || explain_no_python
    [ -n "$PYTHON" ] || fail "missing: $(venv_package). Install with: $(install_line "$(venv_package)")"
    scratch=$(mktemp -d) || fail 'I cannot make a folder for what is temporary; is the disk full?'
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 1' INT TERM HUP
    "$PYTHON" -I -m venv "$scratch/venv" >&2 || fail 'Python could not make an environment; its own words are above.'
    (cd "$ROOT" && "$scratch/venv/bin/python" -E -s -B -m stall.box.install.wheels --lock "$LOCKS/requirements.txt" \
        --relative-to "$WHERE" "$@")
}
