# shellcheck shell=bash
# What verify-image.sh builds with: podman with a store of its own, and the base images or stand-ins for them.

install_missing_packages() {
  local missing=() name
  for name in podman buildah runc debootstrap uidmap slirp4netns netavark catatonit; do
    dpkg-query --show --showformat='${db:Status-Status}\n' "$name" 2>/dev/null |
      grep -qx installed || missing+=("$name")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "installing ${missing[*]}"
  timeout 600 apt-get update --quiet >/dev/null
  DEBIAN_FRONTEND=noninteractive timeout 600 \
    apt-get install --yes --quiet --no-install-recommends "${missing[@]}" >/dev/null
}

# A store and a configuration of our own: the machine's containers are left alone.
configure_podman() {
  cat >"$DIR/storage.conf" <<EOF
[storage]
driver = "overlay"
runroot = "$DIR/run"
graphroot = "$DIR/storage"
EOF
  cat >"$DIR/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[network]
network_backend = "netavark"
EOF
  export CONTAINERS_STORAGE_CONF=$DIR/storage.conf CONTAINERS_CONF=$DIR/containers.conf
}

default_of() { sed -n "s/^ARG $1=//p" Dockerfile | head -n 1; }

# choose_base NAME: sets it to the given image, or the Dockerfile's own if that can be had, or a stand-in.
choose_base() {
  local name=$1 own
  own=$(default_of "$name")
  if [ -n "${!name:-}" ]; then
    echo "$name: ${!name} (given)"
  elif [ -z "${STAND_INS:-}" ] && timeout 120 podman pull --quiet "$own" >"$DIR/pull.log" 2>&1; then
    printf -v "$name" %s "$own"
    echo "$name: $own (the Dockerfile's own)"
  else
    "stand_in_for_$name"
    echo "$name: ${!name}, a LOCAL STAND-IN for $own, which was not pulled"
  fi
}

import_root() { # ROOT TAG
  tar --directory "$1" --create . | podman import --quiet \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - "$2" >/dev/null
}

# The Node of the project's own dependencies: the machine's may be older.
node_binary() { readlink -f node_modules/node/bin/node; }

stand_in_for_BUILD_IMAGE() {
  BUILD_IMAGE=localhost/stand-in-build:bookworm
  podman image exists "$BUILD_IMAGE" && return
  local root=$DIR/build-root npm
  npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  rm -rf "$root"
  timeout 900 debootstrap --variant=minbase --include=ca-certificates,libstdc++6,libatomic1 \
    bookworm "$root" $(debian_mirror) >"$DIR/debootstrap.log" 2>&1 ||
    die "debootstrap failed, see $DIR/debootstrap.log"
  install -D "$(node_binary)" "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules"
  cp -rL "$npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  import_root "$root" "$BUILD_IMAGE"
  rm -rf "$root"
}

# The first mirror among the machine's own sources; nothing where there is none: then debootstrap
# takes its own.
debian_mirror() {
  local mirrors
  mirrors=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null || true)
  read -r mirrors _ <<<"$mirrors"
  echo "$mirrors"
}

# As distroless has it: Node, the libraries it is linked to, certificates, a user. No shell.
stand_in_for_RUNTIME_IMAGE() {
  RUNTIME_IMAGE=localhost/stand-in-runtime:bookworm
  podman image exists "$RUNTIME_IMAGE" && return
  local root=$DIR/runtime-root library
  rm -rf "$root"
  install -D "$(node_binary)" "$root$NODE"
  ldd "$(node_binary)" | grep -oE '/[^ ]+' | while read -r library; do
    install -D "$(readlink -f "$library")" "$root$library"
  done
  mkdir -p "$root/etc/ssl/certs" "$root/home/nonroot" "$root/proc" "$root/sys" "$root/dev"
  mkdir -m 1777 "$root/tmp"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
  import_root "$root" "$RUNTIME_IMAGE"
  rm -rf "$root"
}
