#!/usr/bin/env bash
# Runs a command with a container daemon that Testcontainers can use: scripts/containers.sh COMMAND [ARG...]
#
# A Docker daemon that answers is used as it is. Otherwise a private podman service is started for as long
# as the command runs, and everything it made goes with it. Either way the daemon has the images
# localhost/rill-redis:7, localhost/rill-nginx:1 and localhost/rill-haproxy:2 afterwards, made from this machine's programs, so no registry is needed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/child.sh
source "$here/child.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/rill-containers.XXXXXX")
service=
# With storage of its own, so that neither side sees the other's images and containers.
podman=(podman --root "$work/storage" --runroot "$work/run")

die() {
  echo "containers: $*" >&2
  exit 1
}

# shellcheck disable=SC2317 # the trap calls it
cleanup() {
  trap '' HUP INT TERM # whoever asks twice gets no half of this
  if [[ -n $service ]]; then
    # A test that was killed leaves its container behind; without this its mounts would pin the directory.
    "${podman[@]}" rm --all --force --time 0 >/dev/null 2>&1 || true
    kill "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
    "${podman[@]}" unmount --all >/dev/null 2>&1 || true
  fi
  rm -rf "$work" || true
}
trap cleanup EXIT
# While there is no command yet. An exit status then says which signal it was.
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

docker_answers() {
  command -v docker >/dev/null || return 1
  # podman's stand-in for the docker command has no daemon behind it.
  if docker --version 2>/dev/null | grep -qi podman; then return 1; fi
  docker info >/dev/null 2>&1
}

# Copies files, and what they link to, to the same place below the root of an image: add ROOT FILE...
add() {
  local root=$1 file
  shift
  for file in "$@"; do
    mkdir -p "$root$(dirname "$file")"
    cp -L "$file" "$root$file"
  done
}

# A root file system with a program and just what it loads, as a tar: pack PROGRAM
pack() {
  local root=$work/$1 program library
  program=$(PATH=$PATH:/usr/sbin command -v "$1") || die "no $1 to make an image from: install $1"
  mkdir -p "$root"/{data,dev,etc,proc,run,sys,tmp,usr/bin,var/log/nginx,var/lib/nginx}
  cp -L "$program" "$root/usr/bin/$1"
  # Lines of ldd: "name => /path (address)", or "/path (address)" for the loader itself.
  while read -r library; do
    add "$root" "$library"
  done < <(ldd "$program" | grep -o '/[^ ]*')
  # For users and host names glibc asks these; up to Debian 11 it loads libnss_files for that.
  for library in /lib/*-linux-gnu/libnss_{files,dns}.so.2; do
    if [[ -e $library ]]; then add "$root" "$library"; fi
  done
  echo 'root:x:0:0:root:/data:/usr/bin/false' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$root/etc/nsswitch.conf"
  tar -C "$root" -cf "$work/$1.tar" .
}

# An image of what is packed, by docker or podman: import PROGRAM TAG CMD COMMAND...
import() {
  local program=$1 image=$2 cmd=$3
  shift 3
  "$@" import --change "CMD $cmd" --change 'WORKDIR /data' "$work/$program.tar" "localhost/rill-$image" \
    >"$work/import.log" 2>&1 || {
    cat "$work/import.log" >&2
    die "could not make localhost/rill-$image"
  }
}

# All images: make_images COMMAND...
make_images() {
  pack redis-server
  import redis-server redis:7 '["/usr/bin/redis-server","--protected-mode","no","--save",""]' "$@"
  pack nginx
  import nginx nginx:1 '["/usr/bin/nginx"]' "$@"
  pack haproxy
  import haproxy haproxy:2 '["/usr/bin/haproxy"]' "$@"
}

use_docker() {
  local name
  if [[ $(uname -s) == Linux ]] && command -v redis-server >/dev/null; then
    make_images docker
    return
  fi
  # Elsewhere this machine's programs would not run in a Linux container.
  for name in redis:7 nginx:1 haproxy:2; do
    docker image inspect "$name" >/dev/null 2>&1 || docker pull -q "$name" >/dev/null || die "could not pull $name"
    docker tag "$name" "localhost/rill-$name"
  done
}

install_podman() {
  # runc, because crun refuses a machine that mixes both versions of control groups.
  local missing=()
  command -v podman >/dev/null || missing+=(podman)
  command -v runc >/dev/null || missing+=(runc)
  command -v iptables >/dev/null || missing+=(iptables)
  [[ -x /usr/lib/podman/netavark || -x /usr/lib/cni/bridge || -x /opt/cni/bin/bridge ]] || missing+=(netavark)
  if ((${#missing[@]} == 0)); then return; fi
  "$here/apt-install.sh" "${missing[@]}" ||
    die "there is no Docker daemon that answers, and no podman: install either (Debian: apt-get install ${missing[*]})"
}

use_podman() {
  local socket=$work/podman.sock backend=cni tries
  install_podman
  if [[ -x /usr/lib/podman/netavark ]]; then backend=netavark; fi
  # The limits, because the defaults are above what a small machine may grant. The delay, because
  # otherwise the monitor of each command run inside a container stays for five minutes.
  cat >"$work/containers.conf" <<CONF
[engine]
runtime = "runc"
exit_command_delay = 1
[containers]
default_ulimits = ["nofile=10000:10000", "nproc=4096:4096"]
[network]
network_backend = "$backend"
CONF
  export CONTAINERS_CONF=$work/containers.conf
  make_images "${podman[@]}"
  "${podman[@]}" system service --time=0 "unix://$socket" >"$work/service.log" 2>&1 </dev/null &
  service=$!
  for ((tries = 0; tries < 100; tries++)); do
    if podman --remote --url "unix://$socket" version >/dev/null 2>&1; then break; fi
    if ! kill -0 "$service" 2>/dev/null; then break; fi
    sleep 0.1
  done
  if ! podman --remote --url "unix://$socket" version >/dev/null 2>&1; then
    cat "$work/service.log" >&2
    die "podman's service does not answer"
  fi
  export DOCKER_HOST=unix://$socket
  # Ryuk, which tidies up after tests, would have to be pulled; here the service's end does that.
  export TESTCONTAINERS_RYUK_DISABLED=true
  export TESTCONTAINERS_HOST_OVERRIDE=localhost
}

if (($# == 0)); then
  echo "usage: scripts/containers.sh COMMAND [ARG...]" >&2
  exit 2
fi
if docker_answers; then use_docker; else use_podman; fi

status=0
child "$@" || status=$?
exit "$status"
