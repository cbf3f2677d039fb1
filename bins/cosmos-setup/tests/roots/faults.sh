# What can go wrong: each is told with its remedy, and leaves everything as it was.
unharmed() {
    same "$work/before"
    packages | diff "$work/packages" -
    chroot "$R" dpkg --audit
}

# A repository that is signed by somebody else.
resign "$www/nvidia.github.io/libnvidia-container/stable/deb/amd64" stranger
apply 2 --only sources
says "not signed by the key that was expected"
unharmed
resign "$www/nvidia.github.io/libnvidia-container/stable/deb/amd64" owner

# A key that is not the owner's.
mv "$www/download.docker.com/linux/$of/gpg" "$work/gpg"
gpg --armor --export stranger >"$www/download.docker.com/linux/$of/gpg"
apply 2 --only sources
says "--accept-key"
unharmed

# Not there.
rm "$www/download.docker.com/linux/$of/gpg"
apply 2 --only sources
says "download.docker.com/linux/$of/gpg"
unharmed
mv "$work/gpg" "$www/download.docker.com/linux/$of/gpg"
mv "$www/download.docker.com/linux/$of/dists" "$work/dists"
apply 2 --only sources
says "does not have"
unharmed
mv "$work/dists" "$www/download.docker.com/linux/$of/dists"

# No network at all.
stop
apply 2 --only sources
says "download.docker.com"
unharmed
serve

# From here on the sources are right.
apply 0 --only sources
snapshot >"$work/before"
chroot "$R" apt-get install -y podman-docker >/dev/null 2>&1
packages >"$work/packages"
snapshot >"$work/before"
apply 2 --only docker
says "podman-docker would have to be removed"
unharmed
chroot "$R" apt-get purge -y podman-docker >/dev/null 2>&1
chroot "$R" apt-get install -y docker-ce-cli=$old_docker >/dev/null 2>&1
chroot "$R" apt-mark hold docker-ce-cli >/dev/null
packages >"$work/packages"
snapshot >"$work/before"
apply 2 --only docker --docker 28.3.2
says "apt-mark unhold docker-ce-cli"
unharmed
chroot "$R" apt-mark unhold docker-ce-cli >/dev/null
chroot "$R" apt-get purge -y docker-ce-cli >/dev/null 2>&1
packages >"$work/packages"
snapshot >"$work/before"

# A toolkit with known holes.
rm "$www"/nvidia.github.io/libnvidia-container/stable/deb/amd64/*1.18.0*.deb
reindex "$www/nvidia.github.io/libnvidia-container/stable/deb/amd64"
chroot "$R" apt-get update >/dev/null 2>&1
apply 2 --only toolkit
says "1.17.8 is needed at least"
unharmed

# Settings of Docker that nobody understands.
mkdir -p "$R/etc/docker"
echo '{"debug": tru' >"$R/etc/docker/daemon.json"
snapshot >"$work/before"
apply 2 --only runtime
says "/etc/docker/daemon.json is no JSON object"
unharmed
rm -r "$R/etc/docker"
snapshot >"$work/before"

# A package that is larger than the disk.
sed -i "/^Package: $cuda\$/,/^\$/ s/^Version:.*/&\nInstalled-Size: 900000000/" "$www/$cuda_index"
resign "$www/$cuda_release" owner
chroot "$R" apt-get update --allow-releaseinfo-change >/dev/null 2>&1
apply 2 --only cuda
says "there is no room"
unharmed

# An order that makes no sense.
apply 64 --only dance
says "there is no step \"dance\""
