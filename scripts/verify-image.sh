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
. scripts/verify-image/base-images.sh
. scripts/verify-image/pod-files.sh
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
