#!/usr/bin/env bash
# Proves the README's two commands on a bare Debian 12: a debootstrap tree, a clone of this
# repository, `apt-get install git make`, `make test`, `make demo`, each with its time.
#
#   sudo tests/debootstrap/bare_debian.sh [--keep] [--environment-only] [TREE]
#
# TREE (default /tmp/bare) is made when it is not there. Once something was installed into it, it is
# not bare any more: a full proof makes it anew, and removes it at the end unless --keep is given.
# --environment-only stops before the build, after checking that apt, pip and npm work inside.
# Mirror, certificates, proxies, pip's and npm's settings are the host's: nothing is named here.
set -euo pipefail

fail() {
  echo "bare_debian: $*" >&2
  exit 1
}

keep=0
environment_only=0
tree=/tmp/bare
for argument in "$@"; do
  case $argument in
    --keep) keep=1 ;;
    --environment-only) environment_only=1 ;;
    -*) fail "unknown option $argument; allowed: --keep, --environment-only" ;;
    *) tree=$argument ;;
  esac
done
[[ $(id -u) -eq 0 ]] || fail "debootstrap and chroot need root: sudo $0 $*"
command -v debootstrap >/dev/null || fail "debootstrap is missing: sudo apt-get install debootstrap"

# The mounts below live in a namespace of this script's own and vanish with it.
if [[ ${EDGETRAN_BARE_NAMESPACE:-} != 1 ]]; then
  EDGETRAN_BARE_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$@"
fi

source_folder=$(git -C "$(dirname "$0")" -c safe.directory='*' rev-parse --show-toplevel)

# --- What the host knows and the tree must be told -----------------------------------------

host_mirror() {
  # The first Debian archive of the host's apt sources (deb822 or one-line form).
  {
    cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n 's/^URIs: *\([^ ]*\).*/\1/p'
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
      sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+) bookworm .*/\2/p'
  } | grep -m1 -E 'debian/?$' || fail "no Debian archive found in the host's apt sources"
}

# Environment variables that package clients read, as NAME=value lines.
client_environment() {
  env | grep -E '^(PIP_|NPM_CONFIG_|npm_config_|SSL_CERT_|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|TORCH=)' || true
}

# Local folders that pip's settings point to (find-links, file:// indexes).
local_package_folders() {
  {
    python3 -m pip config list 2>/dev/null || true
    client_environment
  } | grep -oE "(file://)?/[^ '\"\\\\]+" | sed 's#^file://##' | sort -u |
    while read -r path; do
      # A file:// index ("…/simple") links to files beside it.
      [[ ${path##*/} == simple ]] && path=${path%/*}
      [[ -d $path ]] && echo "$path"
    done
  return 0
}

copy_in() {
  local path=$1
  [[ -e $path ]] || return 0
  mkdir -p "$tree$(dirname "$path")"
  cp -rL "$path" "$tree$(dirname "$path")/"
}

bind_in() {
  local path=$1 place=${2:-$1}
  mkdir -p "$tree$place"
  mount --bind "$path" "$tree$place"
}

copy_settings() {
  rm -rf "$tree/etc/apt/sources.list" "$tree/etc/apt/sources.list.d"
  copy_in /etc/apt/sources.list
  mkdir -p "$tree/etc/apt/sources.list.d"
  local file
  for file in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list; do
    # Only Debian's own archive: a bare machine knows no other.
    if [[ -e $file ]] && grep -q 'debian-archive-keyring\|/debian' "$file"; then copy_in "$file"; fi
  done
  grep -lsE '^ *(Acquire|Proxy)' /etc/apt/apt.conf.d/* | while read -r file; do copy_in "$file"; done
  copy_in /etc/resolv.conf
  copy_in /etc/hosts
  copy_in /etc/pip.conf
  copy_in "${HOME}/.config/pip/pip.conf"
  copy_in "${HOME}/.npmrc"
  # Certificates of a company's or laboratory's proxy.
  client_environment | sed -n -E 's/^[A-Za-z_]*(CERT|CA_BUNDLE|CA_CERTS|CERT_FILE)=(.*)/\2/p' | sort -u |
    while read -r file; do [[ -f $file ]] && copy_in "$file"; done
  [[ -d /usr/local/share/ca-certificates ]] && copy_in /usr/local/share/ca-certificates
  return 0
}

# --- The tree ------------------------------------------------------------------------------

make_tree() {
  # Only a tree of ours is ever removed: it carries the mark.
  if ((!environment_only)) && [[ -e $tree/root/.used-by-edgetran ]]; then
    rm -rf --one-file-system "$tree"
  fi
  if [[ ! -e $tree/etc/debian_version ]]; then
    debootstrap --variant=minbase bookworm "$tree" "$(host_mirror)"
  fi
  copy_settings
  mount -t proc proc "$tree/proc"
  mount --rbind /dev "$tree/dev"
  mount --rbind /sys "$tree/sys"
  local folder
  for folder in $(local_package_folders); do bind_in "$folder"; done
  bind_in "$source_folder" /mnt/source
}

inside() {
  local settings=()
  mapfile -t settings < <(client_environment)
  env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive "${settings[@]}" \
    chroot "$tree" /bin/bash -ec "$1"
}

timed() {
  local name=$1 start=$SECONDS
  shift
  echo "=== $name"
  "$@"
  echo "=== $name: $((SECONDS - start)) s"
}

first_line='apt-get update -q && apt-get install -y -q git make'

make_tree
touch "$tree/root/.used-by-edgetran"
if ((environment_only)); then
  timed "apt" inside "$first_line"
  timed "clients" inside 'apt-get install -y -q --no-install-recommends python3-venv npm'
  timed "pip" inside '
    rm -rf /tmp/venv && python3 -m venv /tmp/venv
    grep -v "^#" /mnt/source/requirements.txt > /tmp/requirements.txt
    /tmp/venv/bin/pip install -q -r /tmp/requirements.txt
    /tmp/venv/bin/python -c "import torch, openvino; print(torch.__version__, openvino.__version__)"
    rm -rf /tmp/venv'
  timed "npm" inside '
    node --version && npm --version
    rm -rf /tmp/webui && mkdir /tmp/webui
    cp /mnt/source/webui/package.json /mnt/source/webui/package-lock.json /mnt/source/webui/.npmrc /tmp/webui/
    cd /tmp/webui && npm ci && rm -rf /tmp/webui'
  echo "the environment works; the tree stays in $tree"
  exit 0
fi

timed "first line" inside "$first_line"
timed "clone" inside '
  rm -rf /root/edgetran
  git -c safe.directory="*" clone -q /mnt/source /root/edgetran'
timed "make test" inside 'cd /root/edgetran && make test'
timed "make demo" inside 'cd /root/edgetran && make demo'
timed "nothing missing" inside 'cd /root/edgetran && scripts/setup'
inside 'cd /root/edgetran && test -s build/demo/report.html && ls -l build/demo/report.html'

if ((!keep)); then
  umount -R "$tree/proc" "$tree/dev" "$tree/sys" "$tree/mnt/source"
  for folder in $(local_package_folders); do umount "$tree$folder"; done
  rm -rf --one-file-system "$tree"
fi
echo "a bare Debian 12 runs both commands"
