# The disk becomes full while a package that is larger than it says is installed: it is taken back, and when there is
# room again it goes on.
apply 0 --only sources
mkdir -p "$work/big/DEBIAN" "$work/big/opt"
printf 'Package: containerd.io\nVersion: 9.9-1\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\nInstalled-Size: 1\nDescription: large\n' >"$work/big/DEBIAN/control"
head -c 60000000 /dev/zero >"$work/big/opt/zeros"
dpkg-deb --root-owner-group -b "$work/big" "$www/download.docker.com/linux/$of/pool/containerd.io_9.9-1_amd64.deb" >/dev/null
(cd "$www/download.docker.com/linux/$of" && dpkg-scanpackages -m pool 2>/dev/null) >"$www/download.docker.com/linux/$of/dists/$suite/stable/binary-amd64/Packages"
resign "$www/download.docker.com/linux/$of/dists/$suite" owner
chroot "$R" apt-get update --allow-releaseinfo-change >/dev/null 2>&1
packages >"$work/packages"
snapshot >"$work/before"
head -c "$(($(stat -f -c '%a * %S' "$R" | sed 's/$/ - 30000000/')))" /dev/zero >"$R/tmp/full"
apply 2 --only docker
says "the disk is full"
rm "$R/tmp/full"
same "$work/before"
packages | diff "$work/packages" -
chroot "$R" dpkg --audit
apply 0 --only docker
