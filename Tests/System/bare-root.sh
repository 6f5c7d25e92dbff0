#!/usr/bin/env bash
# Tries the commands of the README on a Debian 12 root that has nothing in it but make: so what was installed by hand
# on this machine cannot help. Needs root, debootstrap, and a Swift toolchain for Debian 12 on this machine.
#
#   Tests/System/bare-root.sh --toolchain DIR [--root DIR] [--mirror URL] [--bind DIR]… [--gitconfig FILE] [COMMAND]
#
#   --toolchain  the folder that holds usr/bin/swift; seen read-only at the same place in the root
#   --root       where to make the root, or one that was made before and is used again; else a temporary one
#   --mirror     where Debian packages come from; else debootstrap's own choice
#   --bind       a further folder to show read-only at the same place: a mirror of Swift packages, for one
#   --gitconfig  becomes /etc/gitconfig of the root
#   COMMAND      run in the checkout instead of `make test` and `make run` with an article dropped and replayed
#
# The checkout in the root is that of HEAD. Mounts are made in a namespace of their own and go with the script.
set -euo pipefail

toolchain='' root='' mirror='' gitconfig='' command='' binds=()
while (($#)); do
    case "$1" in
        --toolchain) toolchain=$(realpath "$2") && shift 2 ;;
        --root) root=$2 && shift 2 ;;
        --mirror) mirror=$2 && shift 2 ;;
        --bind) binds+=("$(realpath "$2")") && shift 2 ;;
        --gitconfig) gitconfig=$(realpath "$2") && shift 2 ;;
        --*) echo "bare-root: unknown option $1" >&2 && exit 64 ;;
        *) command=$1 && shift ;;
    esac
done
if [[ ! -x $toolchain/usr/bin/swift ]]; then
    echo "bare-root: no swift in '$toolchain/usr/bin'; name the toolchain's folder with --toolchain" >&2
    exit 64
fi
if [[ $(id -u) -ne 0 ]] || ! type debootstrap >/dev/null 2>&1; then
    echo "bare-root: needs root and debootstrap; run: sudo apt-get install debootstrap" >&2
    exit 78
fi
project=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)

temporary=''
if [[ -z $root ]]; then
    temporary=$(mktemp -d)
    root=$temporary
    # Inside a private mount namespace nothing of this script's is mounted here any more when it has ended.
    trap 'rm -rf --one-file-system "$temporary"' EXIT
fi
if [[ ! -e $root/etc/debian_version ]]; then
    echo "bare-root: making a Debian 12 root in $root"
    mkdir -p "$root"
    debootstrap --variant=minbase bookworm "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 || {
        tail -n 5 "$root.log" >&2
        exit 74
    }
    rm -f "$root.log"
fi
[[ -z $gitconfig ]] || cp "$gitconfig" "$root/etc/gitconfig"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
rm -rf "$root/srv/sijill"
mkdir -p "$root/srv/sijill"
git -C "$project" archive HEAD | tar -x -C "$root/srv/sijill"

cat >"$root/srv/trial" <<'TRIAL'
#!/bin/bash
# Runs in the root. $1 is a command, or empty for the whole trial.
set -euo pipefail
cd /srv/sijill
export DEBIAN_FRONTEND=noninteractive SIJILL_LISTEN=127.0.0.1:18750
type make >/dev/null 2>&1 || { apt-get update -q && apt-get install -y -q --no-install-recommends make; } >/dev/null
if [[ -n $1 ]]; then
    eval "$1"
    exit
fi
make test
make run &
maker=$!
trap 'kill $maker 2>/dev/null || true' EXIT
until [[ -d var/inbox ]] && SIJILL_URL=http://$SIJILL_LISTEN .build/release/sijill status >/dev/null 2>&1; do
    kill -0 $maker || { echo "make run ended" >&2; exit 1; }
    sleep 0.5
done
count=0
for article in Tests/Fixtures/articles-txt/*.txt; do
    cp "$article" var/new && mv var/new "var/inbox/$(basename "$article")"
    count=$((count + 1))
done
for ((try = 0; try < 100; try++)); do
    found=$(SIJILL_URL=http://$SIJILL_LISTEN .build/release/sijill replay | grep -c '"org.sijill.article.added"' || true)
    ((found == count)) && break
    sleep 0.2
done
echo "$found of $count articles were added and replayed"
((found == count))
TRIAL
chmod +x "$root/srv/trial"

# Every mount below is seen by this one process and its children only.
# shellcheck disable=SC2016
unshare --mount --propagation private bash -euo pipefail -c '
    root=$1 toolchain=$2 command=$3
    shift 3
    for folder in "$toolchain" "$@"; do
        mkdir -p "$root$folder"
        mount --bind "$folder" "$root$folder"
        mount -o remount,bind,ro "$root$folder"
    done
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/dev/shm"
    env -i HOME=/root TERM=dumb LANG=C.UTF-8 \
        PATH="$toolchain/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
        chroot "$root" /srv/trial "$command"
' bare-root "$root" "$toolchain" "$command" ${binds[@]+"${binds[@]}"}
echo "bare-root: passed"
