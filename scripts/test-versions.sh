#!/bin/sh
# `npm run test:versions`: every test but the long ones, and the demo, on the oldest Node that
# package.json allows and on the newest. `npm run test:versions -- 22.20.0 25` names others. The npm
# package `node` brings them.
set -eu
cd "$(dirname "$0")/.."

oldest=$(sed -n 's/^ *"node": ">=\([0-9.]*\)".*/\1/p' package.json)
[ $# -gt 0 ] || set -- "$oldest" 26

path=$PATH
status=0
for version in "$@"; do
  PATH=$path
  home=$PWD/node_modules/.cache/node-$version
  if ! [ -x "$home/node_modules/.bin/node" ]; then
    mkdir -p "$home"
    npm install --prefix "$home" --no-save --no-package-lock --no-audit --no-fund "node@$version"
  fi
  # Before node_modules/.bin, where there is a Node too. tap starts each test with the Node that runs
  # tap, and so do tests that start the program.
  PATH=$home/node_modules/.bin:$path
  results=.tap/node-$version.tap
  rm -f "$results"
  echo "== Node $(node --version)"
  node scripts/build-tap.ts
  tap --disable-coverage --output-file="$results" || status=1
  node src/cli.ts demo >"$results.demo" || { status=1; cat "$results.demo"; }
  node scripts/summarize-tap.ts "$results" || status=1
done
exit "$status"
