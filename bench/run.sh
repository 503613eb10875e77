#!/bin/sh
# `npm run bench`: installs the other proxies as published, bundles ours, then measures.
set -eu
cd "$(dirname "$0")/.."

bundle=true
for argument in "$@"; do
  case $argument in
    --help) exec node bench/bench.ts --help ;;
    --ours-command*) bundle=false ;;
  esac
done
if ! [ bench/node_modules/.package-lock.json -nt bench/package-lock.json ]; then
  (cd bench && npm ci --ignore-scripts --no-audit --no-fund)
fi
if [ "$bundle" = true ]; then npm run --silent bundle; fi
exec node bench/bench.ts "$@"
