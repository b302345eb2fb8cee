#!/bin/sh
# The one door: sets up what is missing in .venv, then runs a command of the project.
# POSIX sh, works as an ordinary user. Everything said here goes to standard error; standard output belongs to the
# command that is run (`demo --once --json` prints one JSON object and nothing else).
set -u

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
WHERE=$PWD
VENV=$ROOT/.venv
LOCKS=$ROOT/provisioning
JOSE=$ROOT/tests/interop/jose
NL='
'

usage() {
    cat <<'USAGE'
Usage: ./setup.sh [--system] COMMAND [ARGUMENTS]

  demo     run a whole stall on this machine; arguments go to `stall demo` (try: demo --help)
  test     check format, style, types and imports, then run the tests; arguments go to pytest
  bench    `bench claims`: how fast sales are, as ratios against the disk; `bench faults`: break the box thousands of
           times and judge what is left; `bench readers`: card sales while everything fails, then both sets of books
           compared; `bench verify`: what checking a receipt strictly costs; `bench till`: what each page of the till
           costs after ten thousand sales; `bench web`: what buyers get, beside plain nginx and bare Flask; `bench import`:
           what importing a pack costs, beside the least that must be done; `bench fuzz`: search for bytes that a reader
           of outside data does not take well; `bench vm`: the appliance in a virtual machine, with radios, a reader on
           USB and power cuts (as root); all take --help
  install  turn this Raspberry Pi or Debian machine into the appliance, as root; `install --help` tells the rest
  wheelhouse  fetch into a folder what `install` needs on a machine without a network; `wheelhouse --help` tells the rest
  check    say what is here and what is missing; changes nothing

  --system also install missing system packages (CI=true as root does so by itself)

Needs Python 3.11 to 3.14 with venv. Everything else goes into .venv in this folder.
Exit codes: 0 it worked, 1 it did not, 2 wrong usage.
USAGE
}

say() { printf 'stall: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
wrong_usage() { say "$*"; usage >&2; exit 2; }
have() { command -v "$1" >/dev/null 2>&1; }

# ---------------------------------------------------------------- Python

# Prints "<version> <path>" if this interpreter can make the environment; otherwise says why not by its exit code.
# pyenv puts a command in PATH for versions that are not activated, Debian's python3 lacks ensurepip until
# python3-venv is installed: so a candidate is run, not only looked up.
PROBE='
import sys
if not (3, 11) <= sys.version_info < (3, 15): print("%d.%d" % sys.version_info[:2]); sys.exit(11)
if sys.maxsize < 2**32: sys.exit(12)
try: import venv; from ensurepip import version  # a removed package may leave an empty folder that still imports
except ImportError: print("%d.%d" % sys.version_info[:2]); sys.exit(13)
print("%d.%d.%d" % sys.version_info[:3], sys.executable)
'

PYTHON='' FOUND='' NO_VENV='' OTHERS='' BITS=64
find_python() {
    for name in python3.14 python3.13 python3.12 python3.11 python3; do
        have "$name" || continue
        answer=$("$name" -I -c "$PROBE" 2>/dev/null)
        case $? in
            0) PYTHON=${answer#* } FOUND=${answer%% *}; return 0 ;;
            11) OTHERS="$OTHERS $answer" ;;
            12) BITS=32 ;;
            13) NO_VENV=${NO_VENV:-$answer} ;;
        esac
    done
    return 1
}

# Debian names the package of its default Python python3-venv and that of any other pythonX.Y-venv.
venv_package() {
    [ -n "$NO_VENV" ] || { echo python3-venv; return; }
    default=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
    if [ "$NO_VENV" = "$default" ]; then echo python3-venv; else echo "python$NO_VENV-venv"; fi
}

# ---------------------------------------------------------------- what the system must bring

READY=no # the environment stands already: Python need not be looked for
# Fills MISSING (names of packages) and OPTIONAL (those without which something is only skipped) for one command.
look_around() {
    MISSING='' OPTIONAL=''
    [ "$READY" = yes ] || find_python || MISSING=$(venv_package)
    [ "$1" = demo ] && return
    have git || MISSING="$MISSING git"
    # The library that cuts the power is C. Without a compiler those tests are skipped on a laptop, never a benchmark.
    if ! have cc; then
        if [ "${CI:-}" = true ] || [ "$1" = bench ]; then MISSING="$MISSING gcc libc6-dev"; else OPTIONAL='gcc libc6-dev'; fi
    fi
    if [ "$1" = bench ]; then
        if [ "$module" = tests.vm ]; then
            have qemu-system-x86_64 || MISSING="$MISSING qemu-system-x86"
            have cpio || MISSING="$MISSING cpio"
            have debootstrap || [ -x "${STALL_SBIN:-/usr/sbin}/debootstrap" ] || MISSING="$MISSING debootstrap"
        fi
        MISSING=${MISSING# }
        return
    fi
    if ! have chromium && ! have chromium-browser && ! have google-chrome; then
        # On a laptop the browser tests are skipped; where CI=true nothing may be.
        if [ "${CI:-}" = true ]; then MISSING="$MISSING chromium"; else OPTIONAL="$OPTIONAL chromium"; fi
    fi
    if ! have nginx && ! [ -x "${STALL_SBIN:-/usr/sbin}/nginx" ]; then
        # The proxy in front of the till, for the tests that run it; skipped on a laptop like the browser's.
        if [ "${CI:-}" = true ]; then MISSING="$MISSING nginx-light"; else OPTIONAL="$OPTIONAL nginx-light"; fi
    fi
    if ! have ip && ! [ -x "${STALL_SBIN:-/usr/sbin}/ip" ]; then
        # A network for a phone to be on, where root may make one; skipped on a laptop like the browser's.
        if [ "${CI:-}" = true ]; then MISSING="$MISSING iproute2"; else OPTIONAL="$OPTIONAL iproute2"; fi
    fi
    if ! have dnsmasq && ! [ -x "${STALL_SBIN:-/usr/sbin}/dnsmasq" ]; then
        # The name service of the appliance, run in such a network; skipped on a laptop like the browser's.
        if [ "${CI:-}" = true ]; then MISSING="$MISSING dnsmasq-base"; else OPTIONAL="$OPTIONAL dnsmasq-base"; fi
    fi
    if ! have nft && ! [ -x "${STALL_SBIN:-/usr/sbin}/nft" ]; then
        # Its packet filter, likewise.
        if [ "${CI:-}" = true ]; then MISSING="$MISSING nftables"; else OPTIONAL="$OPTIONAL nftables"; fi
    fi
    if ! have systemd-nspawn || { ! have debootstrap && ! [ -x "${STALL_SBIN:-/usr/sbin}/debootstrap" ]; }; then
        # A Debian system to install into, where root may boot one; skipped on a laptop like the browser's.
        system='systemd-container debootstrap debian-archive-keyring'
        if [ "${CI:-}" = true ]; then MISSING="$MISSING $system"; else OPTIONAL="$OPTIONAL $system"; fi
    fi
    # What the appliance runs, for the tests that have it read our files, and what divides a card; skipped on a laptop like the browser's.
    for pair in hostapd:hostapd systemd-analyze:systemd sysctl:procps sfdisk:fdisk mkfs.ext4:e2fsprogs; do
        if ! have "${pair%%:*}" && ! [ -x "${STALL_SBIN:-/usr/sbin}/${pair%%:*}" ]; then
            if [ "${CI:-}" = true ]; then MISSING="$MISSING ${pair#*:}"; else OPTIONAL="$OPTIONAL ${pair#*:}"; fi
        fi
    done
    if ! have ffmpeg; then
        # Films and music as a maker brings them; skipped on a laptop like the browser's.
        if [ "${CI:-}" = true ]; then MISSING="$MISSING ffmpeg"; else OPTIONAL="$OPTIONAL ffmpeg"; fi
    fi
    if ! have pdftoppm; then
        # Reads what we drew as PDF; skipped on a laptop like the browser's.
        if [ "${CI:-}" = true ]; then MISSING="$MISSING poppler-utils"; else OPTIONAL="$OPTIONAL poppler-utils"; fi
    fi
    if ! have node; then
        # Runs the reader in JavaScript; skipped on a laptop like the browser's.
        if [ "${CI:-}" = true ]; then MISSING="$MISSING nodejs"; else OPTIONAL="$OPTIONAL nodejs"; fi
    fi
    MISSING=${MISSING# } OPTIONAL=${OPTIONAL# }
}

install_line() {
    if have apt-get; then line="apt-get install $*"
    elif have brew; then line="brew install $(printf '%s' "$*" | sed 's/python3[0-9.]*-venv/python@3.13/')"; echo "$line"; return
    else echo "install with your system's package manager: $(printf '%s' "$*" | sed 's/python3[0-9.]*-venv/python (3.11 to 3.14, with venv)/')"; return
    fi
    if [ "$(id -u)" -eq 0 ]; then echo "$line"
    elif have sudo; then echo "sudo $line"
    else echo "su -c '$line'"
    fi
}

install_system() {
    have apt-get || fail "I can install system packages with apt-get only. Missing: $*. Please $(install_line "$@")"
    as_root=''
    if [ "$(id -u)" -ne 0 ]; then
        have sudo || fail "Installing system packages needs root. Please run: $(install_line "$@")"
        as_root=sudo
    fi
    say "installing system packages: $*"
    output=$({ $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@"; } 2>&1) && return
    printf '%s\n' "$output" >&2
    fail "apt-get could not install $*; its own words are above."
}

explain_no_python() {
    if [ "$BITS" = 32 ]; then
        fail "This is a 32-bit system; the packages exist for 64 bits only. Use the 64-bit Raspberry Pi OS or Debian."
    fi
    [ -z "$OTHERS" ] || say "found Python$OTHERS; it needs 3.11 to 3.14 (Debian 12 or Raspberry Pi OS 12 and newer bring one)."
    [ -z "$NO_VENV" ] || say "found Python $NO_VENV, but without the part that makes environments (venv)."
}

# Everything missing is named at once, in one line, with the command that brings it.
require_system() {
    look_around "$1"
    [ -n "$MISSING" ] || return 0
    if [ "$SYSTEM" = yes ] || { [ "${CI:-}" = true ] && [ "$(id -u)" -eq 0 ]; }; then
        # shellcheck disable=SC2086  # a list of package names
        install_system $MISSING
        look_around "$1"
        [ -n "$MISSING" ] || return 0
    fi
    [ -n "$PYTHON" ] || explain_no_python
    # shellcheck disable=SC2086
    fail "missing: $MISSING. Install with: $(install_line $MISSING)"
}

# ---------------------------------------------------------------- the environment

# Benchmarks run in the environment of the tests.
lock_of() {
    case $1 in
        demo) echo "$LOCKS/requirements.txt" ;;
        *) echo "$LOCKS/requirements-$1.txt" ;;
    esac
}
stamp_of() { echo "$VENV/stall-ready-$1"; }

# The stamp is everything the environment was made from, word for word: the folder (environments cannot be moved),
# the interpreter, the project file and the lock. It is written last, so an interrupted set-up has none.
stamp_text() {
    printf '%s\n' "$ROOT" "$("$VENV/bin/python" -I -c 'import sys; print(sys._base_executable, sys.version)' 2>&1)"
    cat "$ROOT/pyproject.toml" "$(lock_of "$1")"
}

is_ready() { [ -f "$(stamp_of "$1")" ] && stamp_text "$1" | cmp -s - "$(stamp_of "$1")"; }

# Measured on x86-64 with CPython 3.11, pip's cache not counted; rounded up generously.
space_needed_mib() { if [ "$1" = test ]; then echo 600; else echo 200; fi; }

check_room() {
    [ -w "$ROOT" ] || fail "I cannot write to $ROOT (read-only disk or another user's folder). Clone it into a folder of your own."
    free=$(df -Pk "$ROOT" | awk 'NR == 2 { print int($4 / 1024) }')
    needed=$(space_needed_mib "$1")
    [ "${free:-$needed}" -ge "$needed" ] ||
        fail "The disk under $ROOT is nearly full: $free MiB are free, set-up needs $needed. Make room and run this again."
}

pip() {
    output=$(PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
        "$VENV/bin/python" -I -m pip install --quiet --retries 2 "$@" 2>&1) && return
    printf '%s\n' "$output" >&2
    case $output in
        *'No space left on device'* | *'Disk quota exceeded'*) fail "The disk is full. Make room and run this again." ;;
        *'DO NOT MATCH THE HASHES'*) fail "A package is not the one the lock names. Nothing was installed from it; run this again later or ask the project." ;;
        *CERTIFICATE_VERIFY_FAILED*) fail "The package index could not prove who it is. Is this machine's date right ($(date +%Y-%m-%d)), or does a proxy stand in between?" ;;
        *'name resolution'* | *'Name or service not known'* | *'nodename nor servname'* | *'Network is unreachable'* | \
            *NewConnectionError* | *NameResolutionError* | *ConnectTimeout* | *'Connection refused'* | *'timed out'*)
            fail "No way to the package index: is this machine online? The first set-up needs the internet, later runs do not." ;;
        *) fail "pip could not install the packages; its own words are above." ;;
    esac
}

make_environment() {
    say "making the environment in .venv"
    output=$("$PYTHON" -I -m venv --clear "$VENV" 2>&1) && return
    printf '%s\n' "$output" >&2
    case $output in
        *'No space left on device'*) fail "The disk is full. Make room and run this again." ;;
        *) fail "Python could not make $VENV; its own words are above." ;;
    esac
}

# prepare ENVIRONMENT [COMMAND]: make .venv ready, and see that the system has what COMMAND needs.
prepare() {
    is_ready "$1" && READY=yes
    require_system "${2:-$1}"
    [ "$READY" = no ] || return 0
    check_room "$1"
    trap 'say "interrupted; the next run starts the set-up again."; exit 1' INT TERM HUP
    say "found Python $FOUND ($PYTHON); needed is 3.11 to 3.14 with venv."
    if [ "$1" = test ] && is_ready demo; then
        rm -f "$VENV"/stall-ready-*
    else
        make_environment
    fi
    lock=$(lock_of "$1")
    say "installing $(grep -c '^[a-z0-9]' "$lock") locked packages; the first time this takes a minute or two"
    pip --only-binary :all: --require-hashes -r "$lock"
    pip -e "$ROOT" --no-deps --no-build-isolation
    # The test lock holds every package of the runtime lock in the same version.
    { stamp_text demo >"$(stamp_of demo)" && { [ "$1" = demo ] || stamp_text test >"$(stamp_of test)"; }; } ||
        fail "I cannot write to $VENV; is the disk full?"
    trap - INT TERM HUP
    say "ready."
}

# The fuzzing lock is the test lock and one package more, for which there are machines without any: those go without.
add_fuzzer() {
    ! is_ready fuzz || return 0
    say "installing the fuzzer"
    pip --only-binary :all: --require-hashes -r "$(lock_of fuzz)"
    stamp_text fuzz >"$(stamp_of fuzz)" || fail "I cannot write to $VENV; is the disk full?"
}

# A JavaScript library reads our tokens too, where npm is there. Nothing needs it: without it its test is skipped.
# npm takes the folder away before it begins, so an interrupted installation leaves no stamp.
add_jose() {
    have npm || return 0
    lock=$JOSE/package-lock.json
    stamp=$JOSE/node_modules/stall-ready
    ! cmp -s "$lock" "$stamp" || return 0
    # npm would wait more than a minute for a network that is not there.
    (cd "$JOSE" && npm_config_fetch_retries=0 npm_config_fetch_timeout=20000 \
        npm ci --ignore-scripts --no-audit --no-fund --silent && cp "$lock" "$stamp") </dev/null >/dev/null 2>&1 && return 0
    rm -rf "$JOSE/node_modules"
    say "npm could not install jose: the test that reads our tokens with it will be skipped."
}

# ---------------------------------------------------------------- commands

run_demo() {
    prepare demo
    exec "$VENV/bin/stall" demo "$@"
}

FAILED=''
step() {
    title=$1
    shift
    printf '\n== %s\n' "$title"
    "$@"
    code=$?
    [ "$code" -eq 0 ] || FAILED="$FAILED${NL}  $title"
    return "$code"
}

run_test() {
    prepare test
    # shellcheck disable=SC2086  # a list of package names
    [ -z "$OPTIONAL" ] || say "without $OPTIONAL some tests will be skipped ($(install_line $OPTIONAL) brings them)."
    add_jose
    cd "$ROOT" || exit 1
    PATH=$VENV/bin:$PATH
    export PATH
    step 'Format (ruff format --check)' ruff format --check .
    step 'Style (ruff check)' ruff check .
    step 'Types (mypy)' mypy
    step 'Imports (lint-imports)' lint-imports
    # Three for two cores: a third of the tests' time is waiting, for processes, terminals and pages. In the order of tests/conftest.py.
    step 'Tests (pytest)' python -m pytest -n 3 --dist loadfile --no-loadscope-reorder "$@"
    [ $? -ne 4 ] || exit 2 # pytest does not know one of the arguments
    [ -z "$FAILED" ] || fail "failed:$FAILED"
    say 'all checks passed.'
}

run_bench() {
    case ${1:-} in
        claims) module=tests.bench.claims ;;
        faults) module=tests.faults ;;
        readers) module=tests.money ;;
        verify) module=tests.bench.verify ;;
        till) module=tests.bench.till ;;
        web) module=tests.bench.web ;;
        import) module=tests.bench.importing ;;
        fuzz) module=tests.fuzz ;;
        vm) module=tests.vm ;;
        '') wrong_usage 'which benchmark, claims, faults, readers, verify, till, web, import, fuzz or vm?' ;;
        *) wrong_usage "there is no benchmark '$1'; there are claims, faults, readers, verify, till, web, import, fuzz and vm." ;;
    esac
    shift
    prepare test bench
    [ "$module" != tests.fuzz ] || add_fuzzer
    cd "$ROOT" || exit 1
    exec "$VENV/bin/python" -m "$module" "$@"
}

run_check() {
    look_around test
    if [ -n "$PYTHON" ]; then say "Python: $FOUND ($PYTHON)"; else explain_no_python; fi
    for what in demo test; do
        if is_ready "$what"; then say "$what: set up"; else say "$what: sets itself up on its first run"; fi
    done
    # shellcheck disable=SC2086
    [ -z "$OPTIONAL" ] || say "optional: $OPTIONAL ($(install_line $OPTIONAL)); without it some tests are skipped"
    # shellcheck disable=SC2086
    [ -z "$MISSING" ] || fail "missing: $MISSING. Install with: $(install_line $MISSING)"
    say 'nothing is missing.'
}

# What makes the appliance is long, and few need it.
appliance() {
    # shellcheck source=provisioning/install.sh
    . "$LOCKS/install.sh"
    "$@"
}

SYSTEM=no
[ "${1:-}" != --system ] || { SYSTEM=yes; shift; }
[ $# -gt 0 ] || wrong_usage 'which command?'
COMMAND=$1
shift
[ "${1:-}" != --system ] || { SYSTEM=yes; shift; }
case $COMMAND in
    demo) run_demo "$@" ;;
    test) run_test "$@" ;;
    bench) run_bench "$@" ;;
    install) appliance run_install "$@" ;;
    wheelhouse) appliance run_wheelhouse "$@" ;;
    check) [ $# -eq 0 ] || wrong_usage "check takes no arguments"; run_check ;;
    -h | --help | help) usage ;;
    *) wrong_usage "there is no command '$COMMAND'." ;;
esac
