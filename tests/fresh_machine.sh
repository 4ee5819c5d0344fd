#!/usr/bin/env bash
# The README's two commands on a machine that has nothing: a bare Debian 13, a clone of this checkout
# (of what is committed), a person who is not root. It says how long each command took, fails where
# one fails, and leaves nothing behind. It needs root and debootstrap, and says so where they are not.
set -euo pipefail

missing=()
((EUID == 0)) || missing+=("root")
command -v debootstrap >/dev/null || missing+=("debootstrap (apt-get install debootstrap)")
if ((${#missing[@]})); then
    echo "A fresh machine skipped: needs" "${missing[@]}"
    [[ ${CALENDAR_TEST_NO_SKIP-} != 1 ]]
    exit
fi

# The work is done among mounts and processes of its own: the kernel takes back both, however the
# work ends, so that nothing is in the way of removing the tree.
if [[ ${1-} != --apart ]]; then
    tree=$(mktemp --directory -t fresh-machine.XXXXXX)
    trap 'kill $! 2>/dev/null || true; wait; rm --recursive --one-file-system "$tree"' EXIT
    trap 'exit 130' INT TERM
    chmod 755 "$tree"
    unshare --mount --pid --fork --kill-child --mount-proc "$0" --apart "$tree" &
    wait $!
    exit
fi

tree=$2
home=/home/teacher
checkout=$(cd "$(dirname "$0")/.." && pwd)

times=()
step() { # step COMMAND…: run it, and remember how long it took.
    current="$*" began=$SECONDS
    echo "== $current"
    "$@"
    times+=("$(printf '%5d s  %s' $((SECONDS - began)) "$current")")
    current=
}
tell() {
    [[ -z $current ]] || times+=("$(printf '%5d s  %s: FAILED' $((SECONDS - began)) "$current")")
    printf '%s\n' "== On a bare Debian 13, $(nproc) processors" "${times[@]}"
}
trap tell EXIT

bare_debian() {
    local mirror='' Proxy=''
    if command -v apt-get >/dev/null; then # the mirror and the proxy of this machine
        mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' | sed -n '0,/^Debian /s///p')
        eval "$(apt-config shell Proxy Acquire::http::Proxy)"
    fi
    http_proxy=${http_proxy-$Proxy} debootstrap --variant=minbase \
        --include=make,python3-venv,ca-certificates trixie "$tree" ${mirror:+"$mirror"} |
        tail --lines 3
    mount --types proc proc "$tree/proc"
    mount --rbind /dev "$tree/dev"
    chroot "$tree" useradd --create-home --home-dir "$home" teacher
    git -c safe.directory='*' clone --quiet "$checkout" "$tree$home/calendar"
    chroot "$tree" chown --recursive teacher "$home"
    hand_over
}

# Let pip and TLS work there as they do here: what pip's files say goes into one file, and what a
# setting names is mounted at the same place, read-only (of an index, the files beside its pages too).
hand_over() {
    local name path
    variables=()
    for name in $(compgen -e); do
        case $name in
            PIP_* | SSL_CERT_* | REQUESTS_CA_BUNDLE | CURL_CA_BUNDLE | *_proxy | *_PROXY)
                variables+=("$name=${!name}") ;;
        esac
    done
    python3 -m pip config list | python3 -c '
import ast, configparser, sys
told = configparser.RawConfigParser()
for line in sys.stdin:
    key, _, value = line.partition("=")
    section, _, option = key.rpartition(".")
    if section != ":env:":
        told.read_dict({section: {option: ast.literal_eval(value)}})
told.write(sys.stdout)' >"$tree/etc/pip.conf"
    for path in $({ cat "$tree/etc/pip.conf"; printf '%s\n' "${variables[@]}"; } |
        grep --only-matching --extended-regexp '([= ]|file://)/[^/ ][^ ]*' | sed 's,^[^/]*\(//\)\?,,; s,/simple/*$,,' |
        sort --unique); do
        # What is nowhere, and what a folder mounted before has brought.
        [[ -e $path && ! $path -ef $tree$path ]] || continue
        mkdir --parents "$(dirname "$tree$path")"
        if [[ -d $path ]]; then mkdir --parents "$tree$path"; else touch "$tree$path"; fi
        mount --bind --options ro "$path" "$tree$path"
    done
}

there() { # Run a command in the clone, as that person, with nothing of this environment.
    chroot --userspec=teacher:teacher "$tree" env --ignore-environment "${variables[@]}" \
        "HOME=$home" PATH=/usr/bin:/bin sh -c "cd ~/calendar && exec $*"
}

# Succeeds once the calendar answers; then stops it.
make_run() {
    local port process
    port=$(chroot "$tree" python3 -c '
import socket
with socket.create_server(("127.0.0.1", 0)) as free:
    print(free.getsockname()[1])')
    set -m # The server is stopped with all that it started.
    there make run "PORT=$port" &
    process=$!
    set +m
    until chroot "$tree" python3 - 2>/dev/null <<END
import urllib.request
page = urllib.request.urlopen("http://127.0.0.1:$port/", timeout=10).read().decode()
assert "Année scolaire" in page
END
    do
        kill -0 $process || return 1
        sleep 0.2
    done
    kill -- -$process
    wait $process || true
}

step bare_debian
step make_run
step there make test
