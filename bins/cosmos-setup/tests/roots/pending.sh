# A reboot that others have asked for comes before the driver.
has() {
    packages | grep -qF "ii  $1 "
}

lacks() {
    if has "$1"; then echo "$1 is installed"; exit 1; fi
}

restarted() {
    rm -rf "$R"/run/reboot-required* "$R/proc/driver"
    echo "boot-$RANDOM$RANDOM" >"$R/proc/sys/kernel/random/boot_id"
}

mkdir -p "$R/run"
echo "*** System restart required ***" >"$R/run/reboot-required"
echo linux-base >"$R/run/reboot-required.pkgs"
with 1 plan
says "linux-base was updated and asks for a reboot"
apply 1
says "reboot the machine"
lacks "$driver_package"
with 1 resume --no-reboot
lacks "$driver_package"
restarted
with 1 resume --no-reboot
says "reboot the machine"
has "$driver_package"
[ ! -e "$R/run/cdi/nvidia.yaml" ]
reboot_now
with 0 resume --no-reboot
with 0 status
with 0 undo all --yes
same "$work/before"

# A newer kernel is installed than the one that runs, and nobody has asked for anything.
restarted
: >"$R/boot/vmlinuz-$newer"
snapshot >"$work/before"
with 1 plan
says "kernel $newer is installed and $kernel runs"
apply 1
lacks "$driver_package"
echo "$newer" >"$R/proc/sys/kernel/osrelease"
restarted
with 1 resume --no-reboot
has "$driver_package"
lacks "linux-headers-$kernel"
reboot_now
with 0 resume --no-reboot
apply 0
says "nothing was changed"
with 0 undo all --yes
same "$work/before"
packages | diff "$work/packages" -
