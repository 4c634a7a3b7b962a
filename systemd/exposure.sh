#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Asks systemd whether it understands every unit, and gates the exposure of each (systemd-analyze security, 0 = nothing
# exposed, 10 = everything). The threshold of --threshold is the score times ten.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
command -v systemd-analyze >/dev/null || { echo "systemd-analyze is not installed: apt-get install systemd" >&2; exit 2; }
root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/etc/systemd/system" "$root/usr/lib/systemd" "$root/opt/amtsbote/bin"
cp -r "$here"/*.service "$here"/*.socket "$here"/amtsbote-.service.d "$root/etc/systemd/system/"
# What the units refer to must be there: the targets of this systemd, and a program to start.
cp -r /usr/lib/systemd/system "$root/usr/lib/systemd/"
install -m 0755 /bin/true "$root/opt/amtsbote/bin/amtsbote"
failed=0
(cd "$here" && systemd-analyze verify --man=no --recursive-errors=one --root="$root" amtsbote-*.service amtsbote-*.socket) || failed=1
gate() {
  local unit="$1" threshold="$2" line
  if line="$(systemd-analyze security --offline=true --root="$root" --threshold="$threshold" --no-pager "$unit" 2>&1)"; then verdict=ok; else verdict="TOO HIGH"; failed=1; fi
  printf '%-28s at most %4s  %-8s %s\n' "$unit" "$(awk "BEGIN{print $threshold/10}")" "$verdict" "$(tail -n 1 <<<"$line" | sed 's/^[^:]*: *//')"
}
gate amtsbote-receive.service 3
gate amtsbote-verify.service 3
gate amtsbote-publish.service 12
gate amtsbote-deliver.service 12
gate amtsbote-refresh.service 12
exit "$failed"
