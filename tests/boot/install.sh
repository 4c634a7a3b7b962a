# SPDX-License-Identifier: EUPL-1.2
# Step 3 of systemd/README.md, for the gateway that furnish.py founded; run inside the tree by systemd/boot-test.sh.
cd /srv/world/gateway
install -d -m 0750 -g amtsbote /etc/amtsbote
mv amtsbote.toml partners.toml keys anchors /etc/amtsbote/
chgrp -R amtsbote /etc/amtsbote && chmod -R g+rX,o= /etc/amtsbote
chown -R root:root /etc/amtsbote/keys && chmod 0700 /etc/amtsbote/keys && chmod 0600 /etc/amtsbote/keys/*
install -m 0660 -o amtsbote-receive -g amtsbote-files state/journal.db /var/lib/amtsbote/journal/journal.db
install -m 0640 -o amtsbote-publish -g amtsbote-files state/log/checkpoint /var/lib/amtsbote/log/checkpoint
install -m 0600 -o amtsbote-publish -g amtsbote guard/log.guard /var/lib/amtsbote/guard/log.guard
for list in revocation/*/*.crl; do
  install -m 0640 -o amtsbote-refresh -g amtsbote "$list" "/var/lib/amtsbote/$list"
done
sed -i -E -e 's|^#?state = .*|state = "/var/lib/amtsbote"|' \
  -e 's|^#?journal = .*|journal = "/var/lib/amtsbote/journal/journal.db"|' \
  -e 's|^#?client_crls = .*|client_crls = "/var/lib/amtsbote/revocation/tls"|' \
  -e 's|^#?revocation = .*|revocation = "/var/lib/amtsbote/revocation/signers"|' \
  -e 's|^#?guard = .*|guard = "/var/lib/amtsbote/guard/log.guard"|' /etc/amtsbote/amtsbote.toml
groupadd --system einfuhr
chown amtsbote-deliver:einfuhr /srv/world/authorities/landratsamt-ludwigsburg/eingang
chmod 2770 /srv/world/authorities/landratsamt-ludwigsburg/eingang
chmod 0755 /srv/world /srv/world/authorities /srv/world/authorities/landratsamt-ludwigsburg
mkdir /etc/systemd/system/amtsbote-deliver.service.d
printf '[Service]\nReadWritePaths=/srv/world/authorities/landratsamt-ludwigsburg/eingang\nSupplementaryGroups=einfuhr\n' \
  >/etc/systemd/system/amtsbote-deliver.service.d/folder.conf
