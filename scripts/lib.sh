# Shared by the scripts: what they install, and how they speak. To be sourced with the repository's
# root as the working directory.

# Debian packages that building and testing need. One list, so that a fresh machine has what CI has.
causeway_packages=(
    build-essential cmake ninja-build pkg-config git
    libuv1-dev libcurl4-openssl-dev libcjson-dev libyaml-dev libsystemd-dev libsqlite3-dev
    libexpat1-dev libzip-dev libssl-dev libmicrohttpd-dev
    python3 python3-venv
)
causeway_test_packages=(
    libcmocka-dev clang clang-format clang-tidy libclang-rt-14-dev cppcheck valgrind sqlite3 curl
    mandoc zsh prometheus chromium spin systemd systemd-container dbus dpkg-dev rpm openssl
)

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'causeway: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages NAME...: only what is missing, so that a second run asks nobody anything.
install_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    say "installing ${missing[*]}"
    command -v apt-get >/dev/null || fail "this is not a Debian machine; install by hand: ${missing[*]}"
    as_root apt-get update -q >/dev/null || fail "apt-get update failed"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        "${missing[@]}" >/dev/null || fail "could not install ${missing[*]}"
}

# find_python: sets $PYTHON to one that has tests/requirements.txt: the machine's own where it has
# those versions already, else a virtual environment below build/.
find_python() {
    local wanted=tests/requirements.txt venv=build/venv
    if python3 scripts/has-requirements "$wanted" 2>/dev/null; then
        PYTHON=$(command -v python3)
    else
        if ! "$venv/bin/python" scripts/has-requirements "$wanted" 2>/dev/null; then
            say "making a virtual environment for the tests"
            mkdir -p build
            python3 -m venv "$venv" || fail "python3 -m venv failed"
            "$venv/bin/pip" install -q --disable-pip-version-check -r "$wanted" ||
                fail "could not install $wanted"
        fi
        PYTHON=$PWD/$venv/bin/python
    fi
    export PYTHON
}
