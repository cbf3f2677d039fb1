# One case: a machine of its own above the shared one, without a network but the servers of the world, in namespaces that
# are gone with this shell. The file that follows is the case.
set -eu
world=$1 setup=$2 killer=$3 case=$4
work=$(mktemp -d "$world/case.XXXXXX")
R=$work/root
ip link set lo up
mkdir "$R" "$work/over"
mount -t tmpfs -o "size=${SIZE:-2g}" none "$work/over"
mkdir "$work/over/upper" "$work/over/work"
mount -t overlay overlay -o "lowerdir=$world/base,upperdir=$work/over/upper,workdir=$work/over/work" "$R"
cp -a "$world/www" "$work/www"
www=$work/www
export GNUPGHOME=$world/gnupg
fingerprint=$(cat "$world/fingerprint")
out=$work/out
. "$world/names"

serve() {
    mkfifo "$work/ready"
    /usr/bin/python3 "$(dirname "$0")/server.py" "$www" "$world/server.pem" >"$work/ready" 2>"$work/requests" &
    server=$!
    exec 5<"$work/ready"
    rm "$work/ready"
    read -r line <&5 && [ "$line" = READY ]
    cat <&5 >>"$work/requests" &
}

stop() {
    kill "$server" && wait "$server" || :
}

# with EXPECTED ARGUMENT...: runs cosmos-setup, which must end with this code.
with() {
    expected=$1
    shift
    code=0
    "$setup" --root "$R" "$@" >"$out" 2>"$out.err" || code=$?
    cat "$out" "$out.err" >>"$work/log"
    [ "$code" = "$expected" ] || { echo "cosmos-setup $*: exit code $code, expected $expected"; cat "$out" "$out.err"; exit 1; }
}

apply() {
    expected=$1
    shift
    with "$expected" apply --yes --no-reboot --user ann --accept-key "$fingerprint" "$@"
}

says() {
    grep -qF -- "$1" "$out" "$out.err" || { echo "not said: $1"; cat "$out" "$out.err"; exit 1; }
}

# What undoing must bring back: everything but what apt and dpkg keep for themselves, and what accounts leave.
snapshot() {
    (cd "$R" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache -o -path ./var/log -o -path ./proc \
        -o -path ./var/lib/cosmos -o -path ./dev -o -path ./run -o -path ./etc/ld.so.cache -o -path './etc/*-' \) -prune -o \
        -printf '%y %m %U:%G %p %l\n' -type f -exec sha256sum {} + | sort |
        grep -v -e ' \./etc/group$' -e ' \./etc/gshadow$' -e ' \./etc$' -e ' \./var/lib$')
}

same() {
    snapshot >"$work/now"
    diff "$1" "$work/now" || { echo "not as it was"; exit 1; }
}

# What a reboot gives: another boot, and the driver that is installed.
reboot_now() {
    echo "boot-$RANDOM$RANDOM" >"$R/proc/sys/kernel/random/boot_id"
    mkdir -p "$R/proc/driver/nvidia"
    loaded=$(packages | awk '$2 ~ /^nvidia-(tesla-[0-9]+-driver|driver(-[0-9].*)?)$/ {print $3; exit}')
    echo "NVRM version: NVIDIA UNIX x86_64 Kernel Module  ${loaded%%-*}  Mon Jan  1 00:00:00 UTC 2024" >"$R/proc/driver/nvidia/version"
}

packages() {
    chroot "$R" dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\n' | sort
}

resign() {
    (cd "$1" && rm -f Release InRelease && apt-ftparchive release . >"$work/Release") &&
        gpg --batch --quiet --yes -u "$2" --clearsign -o "$1/InRelease" "$work/Release" && mv "$work/Release" "$1/Release"
}

# reindex FOLDER: a flat repository whose packages have changed.
reindex() {
    (cd "$1" && dpkg-scanpackages -m . 2>/dev/null) >"$1/Packages"
    resign "$1" owner
}

trap 'code=$?; [ $code = 0 ] || { echo "--- log"; tail -40 "$work/log" 2>/dev/null; }; exit $code' EXIT
serve
snapshot >"$work/before"
packages >"$work/packages"
. "$(dirname "$0")/$case.sh"
stop
