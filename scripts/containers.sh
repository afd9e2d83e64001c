#!/usr/bin/env bash
# Runs a command with a container daemon that Testcontainers can use: scripts/containers.sh COMMAND [ARG...]
#
# A Docker daemon that answers is used as it is. Otherwise a private podman service is started for as long
# as the command runs, and everything it made goes with it. Either way the daemon has the image
# localhost/rill-redis:7 afterwards, made from this machine's redis-server, so no registry is needed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

image=localhost/rill-redis:7
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
# Without these the shell would die of the signal before it cleans up.
trap 'exit 130' INT
trap 'exit 143' TERM

docker_answers() {
  command -v docker >/dev/null || return 1
  # podman's stand-in for the docker command has no daemon behind it.
  if docker --version 2>/dev/null | grep -qi podman; then return 1; fi
  docker info >/dev/null 2>&1
}

# Copies a file, and what it links to, to the same place below the image's root.
add() {
  local file
  for file in "$@"; do
    mkdir -p "$work/root$(dirname "$file")"
    cp -L "$file" "$work/root$file"
  done
}

# A root file system with redis-server and just what it loads, as a tar in $work/redis.tar.
pack_redis() {
  local server library
  server=$(command -v redis-server) || die "no redis-server to make $image from: install redis-server"
  mkdir -p "$work/root"/{data,dev,etc,proc,sys,tmp,usr/bin}
  cp -L "$server" "$work/root/usr/bin/redis-server"
  # Lines of ldd: "name => /path (address)", or "/path (address)" for the loader itself.
  while read -r library; do
    add "$library"
  done < <(ldd "$server" | grep -o '/[^ ]*')
  # For users and host names glibc asks these; up to Debian 11 it loads libnss_files for that.
  for library in /lib/*-linux-gnu/libnss_{files,dns}.so.2; do
    if [[ -e $library ]]; then add "$library"; fi
  done
  echo 'root:x:0:0:root:/data:/usr/bin/redis-server' >"$work/root/etc/passwd"
  echo 'root:x:0:' >"$work/root/etc/group"
  printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$work/root/etc/nsswitch.conf"
  tar -C "$work/root" -cf "$work/redis.tar" .
}

# The same for docker and podman: import_redis COMMAND...
import_redis() {
  "$@" import \
    --change 'CMD ["/usr/bin/redis-server","--protected-mode","no","--save",""]' \
    --change 'EXPOSE 6379' \
    --change 'WORKDIR /data' \
    "$work/redis.tar" "$image" >"$work/import.log" 2>&1 || {
    cat "$work/import.log" >&2
    die "could not make $image"
  }
}

use_docker() {
  if [[ $(uname -s) == Linux ]] && command -v redis-server >/dev/null; then
    pack_redis
    import_redis docker
  else
    # Elsewhere the local redis-server would not run in a Linux container.
    docker image inspect redis:7 >/dev/null 2>&1 || docker pull -q redis:7 >/dev/null || die "could not pull redis:7"
    docker tag redis:7 "$image"
  fi
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
  pack_redis
  import_redis "${podman[@]}"
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
"$@" || status=$?
exit "$status"
