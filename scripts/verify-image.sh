#!/usr/bin/env bash
# Builds the image and runs it as its users will: in a pod, beside an app, hardened.
#
#   npm run verify:image
#
# Debian, as root. Installs podman and what it needs where it is missing; keeps a gigabyte under
# VERIFY_IMAGE_DIR and nothing elsewhere. Base images that cannot be pulled are replaced by stand-ins
# made from Debian's packages and the Node at hand; it says which were used. BUILD_IMAGE and
# RUNTIME_IMAGE name others, STAND_INS=1 does not even try to pull. Exit code 0: all checks passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly DIR=${VERIFY_IMAGE_DIR:-/var/tmp/wechat-token-proxy-image}
readonly IMAGE=localhost/wechat-token-proxy:verify
readonly POD=wechat-token-proxy-verify
readonly CLI=/app/dist/cli.js
readonly NODE=/nodejs/bin/node
passed=0
failed=0

say() { printf '\n== %s\n' "$*"; }

pass() {
  passed=$((passed + 1))
  echo "PASS $*"
}

fail() {
  failed=$((failed + 1))
  echo "FAIL $*"
}

# check WHAT COMMAND…: the command's exit code decides.
check() {
  local what=$1
  shift
  if "$@" >"$DIR/last-check.log" 2>&1; then
    pass "$what"
  else
    fail "$what"
    sed 's/^/  | /' "$DIR/last-check.log"
  fi
}

# equals WHAT EXPECTED ACTUAL
equals() { check "$1: $2" test "$2" = "$3"; }

die() {
  echo "verify-image: $*" >&2
  exit 2
}

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

build() {
  local started=$SECONDS
  timeout 1200 podman build --network=host --isolation=chroot --format=docker --quiet \
    --build-arg BUILD_IMAGE="$BUILD_IMAGE" --build-arg RUNTIME_IMAGE="$RUNTIME_IMAGE" \
    --build-arg VERSION="$version" --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
    --tag "$IMAGE" . >"$DIR/build.log" 2>&1 || die "the build failed, see $DIR/build.log"
  echo "built in $((SECONDS - started)) s"
}

config() { podman image inspect --format "$1" "$IMAGE"; }

check_config() {
  equals 'the user is a number, and not root' 65532:65532 "$(config '{{.Config.User}}')"
  equals 'PID 1 is node, started without a shell' "[$NODE --max-semi-space-size=16 $CLI]" "$(config '{{.Config.Entrypoint}}')"
  equals 'HEALTHCHECK asks the program itself' "[CMD $NODE $CLI healthcheck]" "$(config '{{.HealthCheck.Test}}')"
  equals 'the label says the version' "$version" \
    "$(config '{{index .Config.Labels "org.opencontainers.image.version"}}')"
  equals 'the label says the licence' MIT \
    "$(config '{{index .Config.Labels "org.opencontainers.image.licenses"}}')"
}

no_such_file() {
  local found
  found=$(find "$@" -print -quit)
  [ -z "$found" ] || { echo "found $found" && return 1; }
}

check_contents() {
  local root
  root=$(podman image mount "$IMAGE")
  check 'there is no shell' no_such_file "$root" \
    '(' -name sh -o -name bash -o -name dash -o -name ash -o -name busybox ')' -not -type d
  check 'there is no package manager' no_such_file "$root" \
    '(' -name npm -o -name npx -o -name apt-get ')'
  check 'nothing in /app can be written by its user' no_such_file "$root/app" \
    '(' -uid 65532 -o -gid 65532 -o -perm /022 ')' -not -type l
  check 'there is no source, test or secret' no_such_file "$root/app" \
    '(' -name '*.ts' -o -name '*.test.*' -o -name '.env*' -o -name '.git' ')'
  check 'the bundle holds the dependencies of production, with their notices' node_modules/.bin/node -e '
    const [file] = process.argv.slice(1);
    const notices = require("fs").readFileSync(file, "utf8");
    const { dependencies } = require("./package.json");
    const missing = Object.keys(dependencies).filter(
      (name) => !notices.includes(`\n${name} ${dependencies[name]}\n`),
    );
    if (missing.length > 0) throw new Error(`missing: ${missing}`);
  ' "$root/app/dist/THIRD-PARTY-LICENSES.txt"
  echo "size: $(($(config '{{.Size}}') / 1000000)) MB in all," \
    "$(du -sm --apparent-size "$root/app" | cut -f 1) MB of it our own (program and dependencies)"
  podman image unmount "$IMAGE" >/dev/null
}

# WeChat, the proxy and an app that knows nothing of tokens, as in the sidecar's manifest.
pod_manifest() {
  local hardened='securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}'
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: $POD}
spec:
  restartPolicy: Never
  containers:
    - name: wechat
      image: $IMAGE
      args: [simulate, --port, '9080']
      $hardened
    - name: proxy
      image: $IMAGE
      env:
        - {name: WXPROXY_UPSTREAM, value: 'http://127.0.0.1:9080'}
        - {name: WECHAT_APPID, value: wx0123456789abcdef}
        - {name: WECHAT_APPSECRET_FILE, value: /run/secrets/wechat-token-proxy/appsecret}
        - {name: WXPROXY_ADMIN_LISTEN, value: ':9464'}
        - {name: WXPROXY_DRAIN_TIMEOUT, value: 5s}
      volumeMounts:
        - {name: secret, mountPath: /run/secrets/wechat-token-proxy, readOnly: true}
      $hardened
    - name: app
      image: $IMAGE
      command: [$NODE, /scripts/app.mjs]
      volumeMounts:
        - {name: scripts, mountPath: /scripts, readOnly: true}
      $hardened
  volumes:
    - {name: secret, hostPath: {path: $DIR/secret}}
    - {name: scripts, hostPath: {path: $DIR/scripts}}
EOF
}

write_pod_files() {
  rm -rf "$DIR/secret" "$DIR/scripts"
  mkdir -p "$DIR/secret" "$DIR/scripts"
  # The simulator's made-up account.
  echo 0123456789abcdef0123456789abcdef >"$DIR/secret/appsecret"
  cat >"$DIR/scripts/app.mjs" <<'EOF'
process.on('SIGTERM', () => process.exit(0));
const call = async () => (await (await fetch('http://127.0.0.1:8080/cgi-bin/getcallbackip')).json()).ip_list;
for (let left = 100; ; left--) {
  try {
    if (Array.isArray(await call())) break;
  } catch (error) {
    if (left === 0) throw error;
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
}
console.log('first call: ok');
await fetch('http://127.0.0.1:9080/__simulator/rotate', { method: 'POST' });
const answered = Array.isArray(await call());
const metrics = await (await fetch('http://127.0.0.1:9464/metrics')).text();
const replayed = /^wxproxy_replays_total\{[^}]*outcome="ok"[^}]*\} 1$/m.test(metrics);
console.log(`after a rotation: ${answered && replayed ? 'ok' : 'failed'}`);
setInterval(() => {}, 60_000);
EOF
  chmod -R a+rX "$DIR/secret" "$DIR/scripts"
  pod_manifest >"$DIR/pod.yaml"
}

remove_pod() { timeout 60 podman pod rm --force --time 2 "$POD" >/dev/null 2>&1 || true; }

in_proxy() { timeout 20 podman exec "$POD-proxy" "$NODE" "$@"; }

logged() { # CONTAINER TEXT
  local deadline=$((SECONDS + 30))
  until podman logs "$POD-$1" 2>&1 | grep -qF "$2"; do
    [ "$SECONDS" -lt "$deadline" ] || { podman logs "$POD-$1" 2>&1 | tail -n 20 && return 1; }
    sleep 0.2
  done
}

check_pod() {
  remove_pod
  trap remove_pod EXIT
  timeout 120 podman kube play --quiet --network none "$DIR/pod.yaml" >"$DIR/play.log" 2>&1 ||
    die "the pod does not start, see $DIR/play.log"
  check 'an app beside it is answered, without a token of its own' logged app 'first call: ok'
  check 'a token that was retired is replaced, and the app sees nothing of it' \
    logged app 'after a rotation: ok'
  check 'healthcheck: alive' in_proxy "$CLI" healthcheck
  check 'healthcheck --ready: there is a usable token' in_proxy "$CLI" healthcheck --ready
  check 'the status page is in it, script and style included' in_proxy -e '
    const page = await (await fetch("http://127.0.0.1:9464/")).text();
    if (!/<style>[^<]+<\/style>/.test(page) || !/<script>[^<]*status\.json/.test(page)) throw new Error(page);'
  equals 'no capability, no new privileges, not root' '0000000000000000 1 65532' "$(in_proxy -e '
    const status = require("fs").readFileSync("/proc/1/status", "utf8");
    const field = (name) => new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(status)[1];
    console.log(field("CapBnd"), field("NoNewPrivs"), field("Uid"))')"
  equals 'its root file system is read-only' EROFS "$(in_proxy -e '
    try { require("fs").writeFileSync("/app/x", ""); } catch (error) { console.log(error.code); }')"
  echo "start: $(start_ms) ms from the container's start until it listens; memory: $(in_proxy -e '
    const status = require("fs").readFileSync("/proc/1/status", "utf8");
    console.log(Math.round(/VmRSS:\s+(\d+)/.exec(status)[1] / 1024))') MiB"
  check_sigterm
}

start_ms() {
  local started listening
  started=$(date -d "$(podman inspect --format '{{.State.StartedAt.Format "2006-01-02T15:04:05.000Z07:00"}}' "$POD-proxy")" +%s%3N)
  listening=$(date -d "$(podman logs "$POD-proxy" | sed -n 's/.*"time":"\([^"]*\)".*"msg":"listening".*/\1/p' | head -n 1)" +%s%3N)
  echo $((listening - started))
}

check_sigterm() {
  local before after code
  before=$(date +%s%3N)
  podman kill --signal TERM "$POD-proxy" >/dev/null
  code=$(timeout 20 podman wait "$POD-proxy" || echo 'still running after 20 s')
  after=$(date +%s%3N)
  equals 'SIGTERM ends it with exit code' 0 "$code"
  check "and within 3 s ($((after - before)) ms)" test $((after - before)) -lt 3000
}

[ "$(id -u)" -eq 0 ] || die 'must run as root: it installs packages and mounts images'
[ -x "$(node_binary)" ] || die 'run npm ci first'
mkdir -p "$DIR"
version=$(node_modules/.bin/node -p 'require("./package.json").version')
install_missing_packages
configure_podman
say 'base images'
choose_base BUILD_IMAGE
choose_base RUNTIME_IMAGE
say 'build'
build
say 'image'
check_config
check_contents
equals '--version' "$version" "$(timeout 60 podman run --rm --network none --no-healthcheck "$IMAGE" --version)"
say 'pod: WeChat simulator, proxy and app on one loopback'
write_pod_files
check_pod
say 'done'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
