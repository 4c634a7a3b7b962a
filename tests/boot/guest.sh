#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Runs inside the machine of systemd/boot-test.sh, at each boot; what it has to say goes to the console.
set -uo pipefail
ROLES="receive verify publish deliver refresh"
WORLD=/srv/world
say() { echo "BOOT-TEST: $*"; }
fail() { say "FAILED: $*"; journalctl --no-pager -o cat -u 'amtsbote-*' | tail -n 40; sync; systemctl poweroff --force; exit 1; }
main_pid() { systemctl show -P MainPID "amtsbote-$1.service"; }
ready() {
  for _ in $(seq 300); do curl -fsS http://127.0.0.1:8444/health/ready >/dev/null 2>&1 && return; sleep 1; done
  fail "not ready after 300 seconds"
}
submit() { # number of the bundle, chamber
  /opt/amtsbote/bin/amtsbote submit "$WORLD/$1.asice" --profile "$WORLD/chambers/$2/profile.toml" --receipt "$WORLD/$1.receipt.json" \
    || fail "bundle $1 was not accepted"
}
as_role() { # inside the role's own view of the files, as its user
  local role="$1" pid; shift; pid="$(main_pid "$role")"
  nsenter --target "$pid" --mount --wd=/ setpriv --reuid="amtsbote-$role" --regid=amtsbote --init-groups "$@"
}

ready
for role in $ROLES; do
  systemctl is-active --quiet "amtsbote-$role.service" || fail "$role is not active"
  [ "$(ps -o user:20= -p "$(main_pid "$role")" | tr -d ' ')" = "amtsbote-$role" ] || fail "$role runs as somebody else"
  say "$role sees $(nsenter --target "$(main_pid "$role")" --mount --wd=/ find /var/lib/amtsbote -mindepth 1 -maxdepth 2 -type d ! -path '*/log/*' ! -path '*/.staging' -printf '%P ' | tr ' ' '\n' | sort | tr '\n' ' ')"
  as_role "$role" test -r /etc/amtsbote/amtsbote.toml || fail "$role cannot read its configuration"
  as_role "$role" test -r /etc/amtsbote/keys/master.key && fail "$role reads the keys"
  as_role "$role" touch /etc/amtsbote/x 2>/dev/null && fail "$role writes to /etc"
  as_role "$role" touch /var/lib/amtsbote/x 2>/dev/null && fail "$role writes to the state directory"
done
for role in verify refresh; do
  as_role "$role" test -e /var/lib/amtsbote/journal && fail "$role sees the journal"
done
worker="$(pgrep -P "$(main_pid verify)" | head -n 1)"
[ "$(awk '/^Seccomp:/ {print $2}' "/proc/$worker/status")" = 2 ] || fail "the worker has no filter"
say "a worker holds $(find "/proc/$worker/fd" -type l | wc -l) descriptors under seccomp with $(awk '/^Seccomp_filters:/ {print $2}' "/proc/$worker/status") filters"

if [ ! -e "$WORLD/second" ]; then
  submit 1 ihk-erfurt
  for role in $ROLES; do kill -9 "$(main_pid "$role")"; done
  sleep 2
  ready
  say "every role was killed and is back"
  submit 3 ihk-region-stuttgart
  for _ in $(seq 120); do ls "$WORLD"/authorities/landratsamt-ludwigsburg/eingang/*/index.xml >/dev/null 2>&1 && break; sleep 1; done
  ls "$WORLD"/authorities/landratsamt-ludwigsburg/eingang/*/index.xml >/dev/null || fail "nothing in the folder"
  touch "$WORLD/second"; sync
  submit 2 ihk-erfurt
  say "accepted, pull the plug"
  sleep 60
  exit
fi
cp "$WORLD/1.receipt.json" "$WORLD/1.before.json"
submit 1 ihk-erfurt
submit 2 ihk-erfurt
cmp "$WORLD/1.receipt.json" "$WORLD/1.before.json" || fail "the receipt has changed"
/opt/amtsbote/bin/amtsbote audit verify /var/lib/amtsbote/log "$WORLD/1.receipt.json" "$WORLD/2.receipt.json" "$WORLD/3.receipt.json" \
  --vkey /etc/amtsbote/keys/log.vkey --seal-anchors /etc/amtsbote/anchors/signers || fail "the log does not hold"
journalctl --no-pager -o cat -u 'amtsbote-*' | grep '"level": *"error"' && fail "a role told of an error"
systemctl stop amtsbote-receive.socket amtsbote-health.socket 'amtsbote-*.service'
systemctl --failed --no-legend 'amtsbote-*' | grep . && fail "a role did not stop well"
say "all of it holds"
systemctl poweroff
