# Makes what the tests of whole runs share, in the folder WORLD for the release SUITE (bookworm, trixie, focal, jammy, noble): a
# root from debootstrap, repositories of small packages with the real names under the real addresses, a certificate
# authority that is thrown away.
set -eu
world=$1 suite=$2 cache=$3
case $suite in
bookworm) of=debian number=12 kernel=6.1.0-26-cloud-amd64 newer=6.1.0-41-cloud-amd64 ;;
trixie) of=debian number=13 kernel=6.12.41+deb13-cloud-amd64 newer=6.12.48+deb13-cloud-amd64 ;;
focal) of=ubuntu number=20.04 kernel=5.15.0-1070-aws newer=5.15.0-1075-aws ;;
jammy) of=ubuntu number=22.04 kernel=6.8.0-1021-aws newer=6.8.0-1070-aws ;;
noble) of=ubuntu number=24.04 kernel=6.8.0-45-generic newer=6.8.0-151-generic ;;
esac
here=$(dirname "$0")
www=$world/www
mkdir -p "$world" "$www"

if [ ! -e "$cache/$suite.tar" ]; then
    mkdir -p "$cache"
    # Two runs may come here at once: each works beside, and one of them is renamed last.
    fresh=$(mktemp -d "$cache/$suite.XXXXXX")
    # Where debootstrap is older than the release of Ubuntu: all of them are made alike.
    script=/usr/share/debootstrap/scripts/$suite
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/gutsy
    keys=/usr/share/keyrings/$of-archive-keyring.gpg
    [ -e "$keys" ] || { echo "$keys is not there" >&2; rm -rf "$fresh"; exit 77; }
    [ $of = ubuntu ] && from=http://archive.ubuntu.com/ubuntu || from=http://deb.debian.org/debian
    debootstrap --keyring="$keys" --variant=minbase --include=ca-certificates,python3 "$suite" "$fresh/root" "$from" "$script" \
        >"$fresh/log" 2>&1 || { tail -5 "$fresh/log" >&2; rm -rf "$fresh"; exit 77; }
    rm -rf "$fresh"/root/var/cache/apt/archives/*.deb
    tar -C "$fresh/root" -cf "$fresh/tar" .
    mv "$fresh/tar" "$cache/$suite.tar"
    rm -rf "$fresh"
fi
mkdir "$world/base"
tar -C "$world/base" -xf "$cache/$suite.tar"

export GNUPGHOME=$world/gnupg
mkdir -m 700 "$GNUPGHOME"
for name in owner stranger; do
    gpg --batch --quiet --passphrase '' --quick-gen-key "$name" ed25519 sign never 2>/dev/null
done
gpg --with-colons --fingerprint owner 2>/dev/null | awk -F: '/^fpr/ {print $10; exit}' >"$world/fingerprint"
gpg --quiet --export owner 2>/dev/null >"$world/base/usr/share/keyrings/$of-archive-keyring.gpg"

# package FOLDER NAME VERSION [FIELD...]; a folder add/NAME beside it goes into the package, and add/NAME.postinst.
package() {
    folder=$1 name=$2 version=$3
    shift 3
    work=$world/build/$name
    rm -rf "$work" && mkdir -p "$work/DEBIAN" "$work/usr/share/doc/$name" "$folder"
    echo "$name $version" >"$work/usr/share/doc/$name/what"
    [ ! -d "$world/add/$name" ] || cp -a "$world/add/$name/." "$work/"
    [ ! -e "$world/add/$name.postinst" ] || install -m 755 "$world/add/$name.postinst" "$work/DEBIAN/postinst"
    [ ! -e "$work/etc" ] || (cd "$work" && find etc -type f -printf '/%p\n') >"$work/DEBIAN/conffiles"
    {
        printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n' "$name" "$version"
        printf '%s\n' "$@" | sed '/^$/d'
        printf 'Description: stands for %s\n' "$name"
    } >"$work/DEBIAN/control"
    dpkg-deb --root-owner-group -Znone -b "$work" "$folder/${name}_$(echo "$version" | tr ':~' '__')_amd64.deb" >/dev/null
}

# sign FOLDER KEY [OPTION...]: a Release of all that is in the folder, signed within and beside.
sign() {
    folder=$1 key=$2
    shift 2
    rm -f "$folder/Release" "$folder/InRelease"
    (cd "$folder" && apt-ftparchive "$@" release . >"$world/Release")
    gpg --batch --quiet --yes -u "$key" --clearsign -o "$folder/InRelease" "$world/Release"
    mv "$world/Release" "$folder/Release"
}

# suite FOLDER NAME COMPONENT=POOL...: a repository with dists.
suite() {
    folder=$1 name=$2
    shift 2
    for pair in "$@"; do
        at=$folder/dists/$name/${pair%%=*}/binary-amd64
        mkdir -p "$at" "$folder/${pair#*=}"
        (cd "$folder" && dpkg-scanpackages -m "${pair#*=}" 2>/dev/null) >"$at/Packages"
    done
    sign "$folder/dists/$name" owner -o "APT::FTPArchive::Release::Codename=$name" \
        -o "APT::FTPArchive::Release::Suite=$name" -o "APT::FTPArchive::Release::Architectures=amd64" \
        -o "APT::FTPArchive::Release::Components=$(printf '%s\n' "$@" | sed 's/=.*//' | tr '\n' ' ')"
}

# flat FOLDER: a repository without dists.
flat() {
    (cd "$1" && dpkg-scanpackages -m . 2>/dev/null) >"$1/Packages"
    sign "$1" owner
}

add=$world/add
mkdir -p "$add/nvidia-smi/usr/bin" "$add/nvidia-container-toolkit-base/usr/bin" "$add/containerd.io/etc/containerd"
cat >"$add/nvidia-smi/usr/bin/nvidia-smi" <<'END'
#!/bin/sh
[ -e /proc/driver/nvidia/version ] || { echo "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."; exit 9; }
echo "GPU 0: NVIDIA A10G (UUID: GPU-0)"
END
cat >"$add/nvidia-container-toolkit-base/usr/bin/nvidia-ctk" <<'END'
#!/bin/sh
case "$*" in
"cdi generate --output="*) mkdir -p "$(dirname "${3#--output=}")" && echo "kind: nvidia.com/gpu" >"${3#--output=}" ;;
"system create-dev-char-symlinks --create-all") echo "$*" >>/var/log/nvidia-ctk ;;
*) echo "unknown: $*" >&2; exit 64 ;;
esac
END
chmod 755 "$add"/*/usr/bin/*
echo 'disabled_plugins = ["cri"]' >"$add/containerd.io/etc/containerd/config.toml"
printf '#!/bin/sh\nset -e\ngetent group docker >/dev/null || groupadd --system docker\n' >"$add/docker-ce.postinst"
# Whoever asks for it has dpkg killed while it works.
printf '#!/bin/sh\n[ ! -e /kill-dpkg ] || { rm /kill-dpkg; kill -9 $PPID; }\n' >"$add/docker-ce-cli.postinst"


. "$here/$of.sh"

# Docker and NVIDIA's toolkit.
docker=$www/download.docker.com/linux/$of
for version in $old_docker 5:28.3.2-1~$of.$number~$suite; do
    package "$docker/pool" docker-ce "$version" "Depends: containerd.io, docker-ce-cli" "Conflicts: podman-docker"
    package "$docker/pool" docker-ce-cli "$version"
done
for name in containerd.io docker-buildx-plugin docker-compose-plugin; do
    package "$docker/pool" "$name" "1.7.27-1~$suite"
done
suite "$docker" "$suite" stable=pool
gpg --armor --export owner >"$docker/gpg"
toolkit=$www/nvidia.github.io/libnvidia-container
for version in 1.17.3-1 1.18.0-1; do
    for name in nvidia-container-toolkit nvidia-container-toolkit-base libnvidia-container-tools libnvidia-container1; do
        package "$toolkit/stable/deb/amd64" "$name" "$version"
    done
done
flat "$toolkit/stable/deb/amd64"
gpg --armor --export owner >"$toolkit/gpgkey"

# Certificates.
hosts="deb.debian.org download.docker.com nvidia.github.io developer.download.nvidia.com archive.ubuntu.com"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=thrown-away \
    -keyout "$world/ca.key" -out "$world/ca.crt" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server -keyout "$world/server.key" \
    -out "$world/server.csr" 2>/dev/null
printf 'subjectAltName=%s\n' "$(for host in $hosts; do printf 'DNS:%s,' "$host"; done | sed 's/,$//')" >"$world/subjects"
openssl x509 -req -in "$world/server.csr" -CA "$world/ca.crt" -CAkey "$world/ca.key" -CAcreateserial -days 2 \
    -extfile "$world/subjects" -out "$world/server.crt" 2>/dev/null
cat "$world/server.key" "$world/server.crt" >"$world/server.pem"

# The machine.
base=$world/base
cp "$world/ca.crt" "$base/usr/local/share/ca-certificates/thrown-away.crt"
chroot "$base" update-ca-certificates >/dev/null 2>&1
for host in $hosts; do echo "127.0.0.1 $host"; done >"$base/etc/hosts"
rm -rf "$base"/etc/apt/sources.list* "$base"/var/lib/apt/lists/*
mkdir "$base/etc/apt/sources.list.d"
lists
printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d"
chmod 755 "$base/usr/sbin/policy-rc.d"
gpu=$base/sys/bus/pci/devices/0000:00:1e.0
mkdir -p "$gpu" "$base/proc/sys/kernel/random" "$base/lib/systemd"
echo 0x10de >"$gpu/vendor" && echo 0x2237 >"$gpu/device" && echo 0x030200 >"$gpu/class"
echo $kernel >"$base/proc/sys/kernel/osrelease"
echo first-boot >"$base/proc/sys/kernel/random/boot_id"
[ -e "$base/lib/systemd/systemd" ] || : >"$base/lib/systemd/systemd"
# As on a machine where nothing is started yet: the directory has to be made, and removed.
rm -rf "$base/etc/systemd/system/multi-user.target.wants"
chroot "$base" useradd --create-home ann
rm -rf "$world/build"
for name in of suite kernel newer driver driver_package unwanted old_docker cuda cuda_index cuda_release; do
    eval "echo $name=\\'\$$name\\'"
done >"$world/names"
