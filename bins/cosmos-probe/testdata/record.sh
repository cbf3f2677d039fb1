#!/bin/sh
# Records on a GPU machine what cosmos-probe says, and what the programs of the field say beside it, for the tests
# that read this folder.
#
#   record.sh PROGRAM FOLDER     PROGRAM is cosmos-probe; FOLDER is made
#
# index.txt tells of each command its exit status and its time. What is not installed is told there and left out.
# Serial numbers and UUIDs are replaced by made-up ones.
set -u
probe=$1
out=$2
mkdir -p "$out" || exit 1
unset DISPLAY WAYLAND_DISPLAY

now() { date +%s%N; }

# Runs a command under a deadline and keeps what it says: FILE COMMAND...
keep() {
    file=$1
    shift
    if ! command -v "$1" >/dev/null 2>&1; then
        echo "$file: $1 is not installed" >>"$out/index.txt"
        return
    fi
    begun=$(now)
    timeout -k 5 60 "$@" >"$out/$file" 2>"$out/$file.err"
    code=$?
    echo "$file: exit $code after $((($(now) - begun) / 1000000)) ms: $*" >>"$out/index.txt"
    [ -s "$out/$file.err" ] || rm -f "$out/$file.err"
}

# Times a command, silently: NAME COMMAND...
clock() {
    name=$1
    shift
    command -v "$1" >/dev/null 2>&1 || return
    begun=$(now)
    timeout -k 5 60 "$@" >/dev/null 2>&1
    code=$?
    echo "$name,$code,$((($(now) - begun) / 1000))" >>"$out/timings.csv"
}

: >"$out/index.txt"
{ uname -srm; head -2 /etc/os-release; "$probe" --version; } >"$out/machine.txt" 2>&1

keep probe.json "$probe" --all --json
keep probe.txt "$probe"
keep doctor.json "$probe" doctor --json
keep doctor.txt "$probe" doctor
keep nvidia-smi.txt nvidia-smi -q
keep vulkaninfo.txt vulkaninfo --summary
keep eglinfo.txt eglinfo

# By turns, so that neither has the warmer machine.
echo "command,exit,microseconds" >"$out/timings.csv"
for _ in 1 2 3 4 5 6 7 8 9 10; do
    clock "cosmos-probe --vulkan" "$probe" --vulkan
    clock "vulkaninfo --summary" vulkaninfo --summary
done

if command -v Xvfb >/dev/null 2>&1; then
    Xvfb -displayfd 3 -screen 0 1280x720x24 -nolisten tcp 3>"$out/display" >"$out/xvfb.err" 2>&1 &
    server=$!
    for _ in $(seq 100); do
        [ -s "$out/display" ] && break
        sleep 0.1
    done
    display=:$(cat "$out/display")
    export DISPLAY="$display"
    keep probe-display.json "$probe" --all --json --display "$display"
    keep probe-display.txt "$probe" --display "$display"
    keep doctor-display.json "$probe" doctor --json --display "$display"
    keep doctor-display.txt "$probe" doctor --display "$display"
    keep glxinfo.txt glxinfo -B
    keep vulkaninfo-display.txt vulkaninfo
    kill "$server"
    wait "$server" 2>/dev/null
else
    echo "Xvfb is not installed" >>"$out/index.txt"
fi

# Vulkan and EGL print the same digits as NVML, without GPU- and sometimes without hyphens.
nvidia-smi -L 2>/dev/null | sed -n 's/.*UUID: GPU-\([0-9a-f-]*\)).*/\1/p' | while read -r uuid; do
    plain=$(echo "$uuid" | tr -d -)
    sed -i -e "s/$uuid/01234567-89ab-cdef-0123-456789abcdef/g" \
        -e "s/$plain/0123456789abcdef0123456789abcdef/g" "$out"/*.txt "$out"/*.json
done
if [ -f "$out/nvidia-smi.txt" ]; then
    sed -i -E -e 's/(Serial Number +: )[0-9]+/\11650000000000/' -e 's/(GPU PDI +: ).*/\10x0123456789abcdef/' \
        "$out/nvidia-smi.txt"
fi
rm -f "$out/display"
cat "$out/index.txt"
