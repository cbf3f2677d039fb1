# Ubuntu's own archive, with the drivers of the release, and NVIDIA's with CUDA.
if [ $suite = focal ]; then
    branch=570 driver=570.211.01-0ubuntu0.$number.1 cuda=cuda-toolkit-12-8 cuda_version=12.8.2-1
else
    branch=580 driver=580.178.04-0ubuntu0.$number.1 cuda=cuda-toolkit-13-0 cuda_version=13.0.2-1
fi
driver_package=nvidia-driver-$branch-server-open old_docker=5:26.0.0-1~ubuntu.$number~$suite
cuda_release=developer.download.nvidia.com/compute/cuda/repos/ubuntu$(echo $number | tr -d .)/x86_64
cuda_index=$cuda_release/Packages
# Where there are modules for the kernel, none are built.
[ $suite != noble ] && unwanted=nvidia-dkms-$branch-server-open || unwanted=linux-modules-nvidia-$branch-server-open-aws

ubuntu=$www/archive.ubuntu.com/ubuntu
for name in linux-headers-$kernel linux-headers-$newer linux-headers-aws libglvnd0 libgl1 libglx0 libegl1 libgles2 \
    libopengl0 libvulkan1 ufw; do
    package "$ubuntu/pool/main" "$name" 1.0-1
done
package "$ubuntu/pool/universe" vulkan-tools 1.0-1
package "$ubuntu/pool/universe" mesa-utils 1.0-1
package "$ubuntu/pool/universe" podman-docker 4.3-1 "Conflicts: docker-ce"

# driver SERIES VERSION OPEN: as the real ones depend on each other.
driver() {
    series=$1 version=$2 open=$3 parts=
    cp -a "$add/nvidia-smi" "$add/nvidia-utils-$series"
    for part in libnvidia-gl libnvidia-compute libnvidia-decode libnvidia-encode libnvidia-fbc1 nvidia-utils \
        nvidia-compute-utils; do
        package "$ubuntu/pool/restricted" "$part-$series" "$version"
        parts="$parts, $part-$series"
    done
    package "$ubuntu/pool/restricted" "nvidia-driver-$series$open" "$version" \
        "Depends: nvidia-dkms-$series$open (>= ${version%%-*})$parts"
    package "$ubuntu/pool/restricted" "nvidia-dkms-$series$open" "$version"
    package "$ubuntu/pool/restricted" "linux-modules-nvidia-$series$open-aws" 6.8.0-1 \
        "Provides: nvidia-dkms-$series$open (= $version), nvidia-prebuilt-kernel"
}
driver 470 470.256.02-0ubuntu0.$number.6 ''
package "$ubuntu/pool/restricted" libnvidia-ifr1-470 470.256.02-0ubuntu0.$number.6
driver $branch-server "$driver" -open
for name in "$suite" "$suite-updates" "$suite-security"; do
    suite "$ubuntu" "$name" main=pool/main restricted=pool/restricted universe=pool/universe multiverse=pool/multiverse
done

nvidia=$www/$cuda_release
package "$nvidia" "$cuda" "$cuda_version"
package "$nvidia" cuda-toolkit-11-7 11.7.1-1
# It has drivers as well, which must not take the place of Ubuntu's.
package "$nvidia" "$driver_package" 999.0-1
flat "$nvidia"
gpg --armor --export owner >"$nvidia/3bf863cc.pub"

lists() {
    if [ $suite != noble ]; then
        # As debootstrap leaves it: the keys of the distribution sign it, and most of the archive is not there.
        rm -f "$base"/etc/apt/trusted.gpg.d/*
        cp "$base/usr/share/keyrings/ubuntu-archive-keyring.gpg" "$base/etc/apt/trusted.gpg.d/"
        echo "deb http://archive.ubuntu.com/ubuntu $suite main" >"$base/etc/apt/sources.list"
        package "$world" linux-image-aws 6.8.0-1
        dpkg --root="$base" --install "$world"/linux-image-aws_*.deb >/dev/null
        rm "$world"/linux-image-aws_*.deb
    else
        cat >"$base/etc/apt/sources.list.d/ubuntu.sources" <<END
Types: deb
URIs: http://archive.ubuntu.com/ubuntu/
Suites: $suite $suite-updates $suite-security
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
END
    fi
}
