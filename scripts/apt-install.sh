#!/usr/bin/env bash
# Installs Debian packages and starts none of the services they bring: scripts/apt-install.sh PACKAGE...
# Quiet when all goes well. Fails where it cannot install: not root, or no apt-get.
set -euo pipefail

if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
  echo "cannot install $*: that needs root and apt-get" >&2
  exit 1
fi

work=$(mktemp -d)
policy=/usr/sbin/policy-rc.d
ours=
cleanup() {
  if [[ -n $ours ]]; then rm -f "$policy"; fi
  rm -rf "$work"
}
trap cleanup EXIT

# Debian asks this script before it starts a service; 101 means: don't. Somebody else's answer stays; one that an earlier run had no time to remove
# does not.
if [[ ! -e $policy ]] || grep -q '^# rill' "$policy"; then
  ours=yes
  printf '#!/bin/sh\n# rill: made by scripts/apt-install.sh while it runs; if it is still here later, delete it\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

# Those that are here already are somebody's own.
fresh=()
for package in "$@"; do
  dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || fresh+=("$package")
done

export DEBIAN_FRONTEND=noninteractive
install=(apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 "$@")

echo "installing $*" >&2
if ! "${install[@]}" >"$work/log" 2>&1 </dev/null; then
  # The usual reason is a list of packages that is older than the mirror. One broken extra
  # source must not stop us either, so it is the second attempt that decides, not the update.
  apt-get update -q >>"$work/log" 2>&1 </dev/null || true
  if ! "${install[@]}" >>"$work/log" 2>&1 </dev/null; then
    cat "$work/log" >&2
    echo "could not install $*" >&2
    exit 1
  fi
fi

# A service that was not started now should not come up with the next boot either.
if command -v systemctl >/dev/null; then
  for package in ${fresh[@]+"${fresh[@]}"}; do
    dpkg -L "$package" | sed -n 's:.*/systemd/system/\([^@/]*\)\.service$:\1:p' | while read -r service; do
      systemctl disable --quiet "$service" >/dev/null 2>&1 || true
    done || true
  done
fi
