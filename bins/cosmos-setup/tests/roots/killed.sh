# Killed after every single change, before it is noted, and started again: each run makes one change more.
code=137 runs=0
while [ "$code" = 137 ]; do
    runs=$((runs + 1))
    [ "$runs" -lt 80 ] || { echo "it does not come to an end"; exit 1; }
    code=0
    COSMOS_ROOT=$R COSMOS_KEY=$fingerprint "$killer" --exact dies_after_a_change --ignored --nocapture >"$out" 2>"$out.err" || code=$?
    cat "$out" "$out.err" >>"$work/log"
    ! grep -q REBOOT "$out" || { reboot_now && code=137; }
done
[ "$code" = 0 ]
echo "killed $runs times" >>"$work/log"
[ "$runs" -gt 25 ]
with 0 status
apply 0
says "nothing was changed"

# dpkg itself killed while it works.
with 0 undo docker --yes
touch "$R/kill-dpkg"
apply 2 --only docker
says "what this step had changed is undone"
apply 0 --only docker
chroot "$R" dpkg --audit
with 0 undo all --yes
same "$work/before"
packages | diff "$work/packages" -
