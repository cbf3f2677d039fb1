# Debian's own archive, with the driver and CUDA of the release.
case $suite in
bookworm) driver=535.261.03-1~deb12u1 cuda_version=11.8.89~11.8.0-5~deb12u1 ;;
trixie) driver=550.163.01-2 cuda_version=12.4.131~12.4.1-4 ;;
esac
driver_package=nvidia-driver unwanted= cuda=nvidia-cuda-toolkit old_docker=5:20.10.11~3-0~debian-$suite
cuda_release=deb.debian.org/debian/dists/$suite cuda_index=$cuda_release/non-free/binary-amd64/Packages

cp -a "$add/nvidia-smi" "$add/nvidia-tesla-470-smi"
debian=$www/deb.debian.org/debian
for name in linux-headers-$kernel linux-headers-$newer linux-headers-cloud-amd64 libglvnd0 libgl1 libglx0 libegl1 libgles2 \
    libopengl0 libvulkan1 vulkan-tools mesa-utils ufw; do
    package "$debian/pool/main" "$name" 1.0-1
done
for name in nvidia-driver nvidia-vulkan-icd libnvidia-encode1 libnvcuvid1 libnvidia-fbc1 nvidia-persistenced nvidia-smi; do
    package "$debian/pool/non-free" "$name" "$driver" "$([ "$name" != nvidia-driver ] || echo 'Depends: nvidia-kernel-dkms')"
done
package "$debian/pool/non-free" nvidia-kernel-dkms "$driver"
package "$debian/pool/main" podman-docker 4.3-1 "Conflicts: docker-ce"
package "$debian/pool/non-free" nvidia-cuda-toolkit "$cuda_version"
for name in nvidia-tesla-470-driver nvidia-tesla-470-vulkan-icd nvidia-tesla-470-smi libnvidia-tesla-470-encode1 \
    libnvidia-tesla-470-nvcuvid1 libnvidia-tesla-470-fbc1; do
    package "$debian/pool/non-free" "$name" 470.256.02-3
done
for name in "$suite" "$suite-updates"; do
    suite "$debian" "$name" main=pool/main contrib=pool/contrib non-free=pool/non-free non-free-firmware=pool/firmware
done
suite "$www/deb.debian.org/debian-security" "$suite-security" main=pool/main contrib=pool/contrib non-free=pool/non-free \
    non-free-firmware=pool/firmware

lists() {
    key=/usr/share/keyrings/debian-archive-keyring.gpg
    printf 'deb [signed-by=%s] http://deb.debian.org/debian %s main\n' "$key" "$suite" >"$base/etc/apt/sources.list"
}
