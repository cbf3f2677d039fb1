# Every profile, each from a machine that nothing was done to and back to it.
for profile in minimal seed recommended; do
    apply 1 --profile "$profile"
    reboot_now
    with 0 resume --no-reboot
    with 0 status
    apply 0 --profile "$profile"
    says "nothing was changed"
    with 0 undo all --yes
    rm -rf "$R/proc/driver"
    same "$work/before"
    packages | diff "$work/packages" -
done
