#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Boots a Debian machine of its own under qemu (software emulation, no KVM), installs the wheel and the units as
# systemd/README.md says, and has it take a dossier; kills every role, cuts the power after an accepted dossier, boots
# again, and looks whether all of it is still there. Not part of CI: two boots of one to seven
# minutes each, as busy as the machine is, and a few minutes to make the disk.
# Needs root and: apt-get install debootstrap qemu-system-x86 e2fsprogs; leaves the installed tree in $WORK.
set -euo pipefail
cd "$(dirname "$0")/.."
WORK="${WORK:-/var/tmp/amtsbote-boot}"
BASE="$WORK/base" ROOT="$WORK/root" DISK="$WORK/disk.img" CONSOLE="$WORK/console.log"
say() { printf '== %s\n' "$*"; }
for tool in debootstrap qemu-system-x86_64 mke2fs; do command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 2; }; done
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root chroot "$ROOT" "$@"; }

mkdir -p "$WORK"
if [ ! -e "$BASE.done" ]; then
  say "a minimal Debian"
  rm -rf "$BASE"
  debootstrap --variant=minbase --include=systemd-sysv,udev,python3,python3-venv,linux-image-cloud-amd64,curl,procps \
    bookworm "$BASE" >"$WORK/debootstrap.log"
  touch "$BASE.done"
fi

say "the program, from the wheel"
rm -rf "$ROOT" "$WORK/wheels" && cp -a "$BASE" "$ROOT" && mkdir "$WORK/wheels"
.venv/bin/python -m build --no-isolation --wheel --outdir "$WORK/wheels" . >/dev/null
cp -r "$WORK/wheels" "$ROOT/wheels"
.venv/bin/pip download --quiet --disable-pip-version-check --require-hashes --only-binary :all: --python-version 3.11 \
  --dest "$ROOT/wheels" -r requirements/run.txt
cp requirements/run.txt "$ROOT/wheels/"
inside python3 -m venv /opt/amtsbote
inside /opt/amtsbote/bin/pip install --quiet --no-index --find-links /wheels --require-hashes -r /wheels/run.txt
inside bash -c '/opt/amtsbote/bin/pip install --quiet --no-index --no-deps /wheels/amtsbote-*.whl'

say "users, directories, units, a gateway and its partners"
install -D -m 0644 systemd/amtsbote.sysusers.conf "$ROOT/etc/sysusers.d/amtsbote.conf"
install -D -m 0644 systemd/amtsbote.tmpfiles.conf "$ROOT/etc/tmpfiles.d/amtsbote.conf"
inside systemd-sysusers
systemd-tmpfiles --root="$ROOT" --create amtsbote.conf
mkdir -p "$ROOT/var/log/journal"
echo "127.0.0.1 localhost" >"$ROOT/etc/hosts"
cp -r systemd/*.service systemd/*.socket systemd/amtsbote-.service.d "$ROOT/etc/systemd/system/"
PYTHONPATH=.:tests .venv/bin/python tests/boot/furnish.py "$ROOT"
inside bash -euo pipefail <tests/boot/install.sh
install -m 0755 tests/boot/guest.sh "$ROOT/usr/local/sbin/boot-test"
install -m 0644 tests/boot/boot-test.service "$ROOT/etc/systemd/system/boot-test.service"
inside systemctl --quiet mask serial-getty@ttyS0.service # the console is for the test
inside systemctl --quiet enable boot-test.service amtsbote-receive.socket amtsbote-health.socket \
  amtsbote-verify.service amtsbote-publish.service amtsbote-deliver.service amtsbote-refresh.service

say "a disk"
rm -rf "$ROOT/wheels" "$DISK"
mke2fs -q -t ext4 -d "$ROOT" "$DISK" 3G

boot() { # until the machine says the word, or is off
  local word="$1" machine
  : >"$CONSOLE"
  qemu-system-x86_64 -machine q35,accel=tcg -cpu max -smp 2 -m 2048 -nodefaults -no-reboot -display none \
    -kernel "$ROOT"/boot/vmlinuz-* -initrd "$ROOT"/boot/initrd.img-* -append "root=/dev/vda rw console=ttyS0 quiet" \
    -drive "file=$DISK,if=virtio,format=raw,cache=writethrough" -device virtio-rng-pci -serial "file:$CONSOLE" &
  machine=$!
  for _ in $(seq 900); do
    if grep -q "BOOT-TEST: $word" "$CONSOLE" || ! kill -0 "$machine" 2>/dev/null; then break; fi
    sleep 1
  done
  kill -9 "$machine" 2>/dev/null || true # the power cut
  wait "$machine" 2>/dev/null || true
  grep -a "BOOT-TEST" "$CONSOLE" | tr -d '\r'
  grep -q "BOOT-TEST: $word" "$CONSOLE"
}

say "first boot: a dossier, every role killed, another dossier, and the plug is pulled"
boot "accepted, pull the plug"
say "second boot: what was accepted is there"
boot "all of it holds"
