#!/usr/bin/env bash
# Installs packages of npm that tests talk to into a folder, and nowhere else: scripts/npm-install.sh FOLDER NAME@VERSION...
# Does nothing if they are there. Runs none of their scripts. Quiet when all goes well; fails without npm or a registry.
set -euo pipefail

folder=$1
shift
mkdir -p "$folder"
wanted="$*"
if [[ -e $folder/installed && $(<"$folder/installed") == "$wanted" ]]; then exit 0; fi

if ! command -v npm >/dev/null; then
  echo "cannot install $wanted: that needs npm" >&2
  exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing $wanted" >&2
if ! npm install --prefix "$folder" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund "$@" \
  >"$log" 2>&1 </dev/null; then
  cat "$log" >&2
  echo "could not install $wanted" >&2
  exit 1
fi
echo "$wanted" >"$folder/installed"
