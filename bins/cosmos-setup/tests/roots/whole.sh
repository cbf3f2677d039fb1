# A whole run: plan, apply, reboot, resume, again, drift, undo.
with 1 plan --accept-key "$fingerprint" --json
grep -q '"schema": "cosmos.setup-plan/1"' "$out"
same "$work/before"
apply 1
says "reboot the machine"
[ -L "$R/etc/systemd/system/multi-user.target.wants/cosmos-setup-resume.service" ]
[ ! -e "$R/run/cdi/nvidia.yaml" ]
with 1 status
says "it goes on after a reboot"
with 1 resume --no-reboot
says "reboot the machine"
reboot_now
with 0 resume --no-reboot
with 0 status
[ ! -e "$R/etc/systemd/system/cosmos-setup-resume.service" ]
[ -s "$R/run/cdi/nvidia.yaml" ]
grep -q '^docker:.*:ann$' "$R/etc/group"
grep -q nvidia-container-runtime "$R/etc/docker/daemon.json"
chroot "$R" dpkg-query -W "$driver_package" docker-ce nvidia-container-toolkit "$cuda" >/dev/null
[ "$(chroot "$R" dpkg-query -W -f '${Version}' "$driver_package")" = "$driver" ]
if packages | grep -F "ii  ${unwanted:-none} "; then exit 1; fi
grep -q 'password="[a-z2-9]\{24\}"' "$R/etc/cosmos/guacamole/home/user-mapping.xml"
[ "$(stat -c '%a %u' "$R/etc/cosmos/guacamole/home/user-mapping.xml")" = "600 1001" ]
if grep -rF "$(cat "$R/etc/cosmos/guacamole/password")" "$R/var/lib/cosmos" "$work/log"; then exit 1; fi

# A second time nothing is done.
snapshot >"$work/after"
sha256sum "$R/var/lib/cosmos/setup/journal" >"$work/journal"
apply 0
says "nothing was changed"
same "$work/after"
sha256sum --quiet -c "$work/journal"

# What somebody changes is seen, and mended.
rm "$R/etc/udev/rules.d/71-cosmos-dev-char.rules"
with 1 status
says "changed since"
apply 0
same "$work/after"
with 0 status

# What its user has made of it stays theirs.
echo '{"debug": true, "runtimes": {"nvidia": {"args": [], "path": "nvidia-container-runtime"}}}' >"$R/etc/docker/daemon.json"
with 1 undo runtime --yes
says "what was changed since stays"
[ "$(tr -d ' \n' <"$R/etc/docker/daemon.json")" = '{"debug":true}' ]
rm -r "$R/etc/docker"
apply 0
with 0 undo all --yes
same "$work/before"
packages | diff "$work/packages" -
[ ! -e "$R/var/lib/cosmos" ]
with 1 status
says "nothing was done here"
