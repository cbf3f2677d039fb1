#!/bin/sh
# Puts desktops to sleep that nobody has watched for IDLE_SECONDS. The arguments are their names.
#
# One that does not answer counts as watched: it may be starting, and its end would hide what is wrong with it.
set -u

workloads=$API/apis/apps/v1/namespaces/$NAMESPACE/$WORKLOADS
notes=$API/api/v1/namespaces/$NAMESPACE/configmaps/$NOTES
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
umask 077
printf 'Authorization: Bearer %s' "$(cat "$ACCOUNT/token")" >"$work/authorization"

ask() {
    curl --silent --show-error --fail --connect-timeout 5 --max-time 10 "$@"
}

ask_api() {
    ask --cacert "$ACCOUNT/ca.crt" --header "@$work/authorization" "$@"
}

patch() {
    ask_api --request PATCH --header 'Content-Type: application/merge-patch+json' --output /dev/null --data "$2" "$1"
}

compact() {
    printf '%s' "$1" | tr -d ' \n\r\t'
}

# The API leaves a zero out.
replicas() {
    answer=$(ask_api "$workloads/$1/scale") || return 1
    number=$(compact "$answer" | sed -n 's/.*"spec":{"replicas":\([0-9]*\).*/\1/p')
    echo "${number:-0}"
}

viewers() {
    place=http://$1:$DESKTOP_PORT
    rm -f "$work/cookies"
    if [ -r "$DESKTOP_LOGINS/$1" ]; then
        password=$(sed 's/[\\"]/\\&/g' "$DESKTOP_LOGINS/$1")
        printf '{"user":%s,"password":"%s"}' "$DESKTOP_USER" "$password" |
            ask --cookie-jar "$work/cookies" --header "Origin: $place" --header 'Content-Type: application/json' \
                --data-binary @- --output /dev/null "$place/api/login" || return 1
    fi
    answer=$(ask --cookie "$work/cookies" "$place/api/state") || return 1
    compact "$answer" | sed -n 's/.*"viewers":\([0-9][0-9]*\).*/\1/p'
}

is_idle() {
    running=$(replicas "$1") && [ "$running" != 0 ] && count=$(viewers "$1") && [ "$count" = 0 ]
}

remember() {
    patch "$notes" "{\"data\":{\"$1\":$2}}"
}

look_after() {
    since=$(compact "$remembered" | sed -n "s/.*\"$1\":\"\([0-9]\{1,12\}\)\".*/\1/p")
    if ! is_idle "$1"; then
        [ -z "$since" ] || remember "$1" null
    elif [ -z "$since" ]; then
        remember "$1" "\"$now\""
    elif [ $((now - since)) -ge "$IDLE_SECONDS" ]; then
        remember "$1" null && patch "$workloads/$1/scale" '{"spec":{"replicas":0}}' && echo "$1 sleeps"
    fi
}

now=$(date +%s)
remembered=$(ask_api "$notes") || exit 1
failed=0
for desktop; do
    look_after "$desktop" || failed=1
done
exit "$failed"
