# The role, on a root of its own: the first run sets it up as far as a reboot, the second changes nothing.
deploy=$(cd "$(dirname "$0")/../../../../deploy/ansible" && pwd)
export ANSIBLE_NOCOWS=1 ANSIBLE_LOCAL_TEMP=$work/ansible ANSIBLE_HOME=$work/ansible HOME=$work
play() {
    ansible-playbook -i "$R," -c community.general.chroot "$deploy/site.yml" -e ansible_become=false \
        -e ansible_python_interpreter=/usr/bin/python3 -e cosmos_host_program="$setup" -e cosmos_host_user=ann \
        -e "{\"cosmos_host_accept_keys\": [\"$fingerprint\"], \"cosmos_host_reboot\": false}" "$@" >"$out" 2>&1 ||
        { cat "$out"; exit 1; }
    cat "$out" >>"$work/log"
}
play --check
says "changed=1"
[ ! -e "$R/var/lib/cosmos" ] && [ ! -e "$R/usr/local/bin/cosmos-setup" ]
play
says "changed=2"
reboot_now
with 0 resume --no-reboot
snapshot >"$work/after"
play
says "changed=0"
same "$work/after"
