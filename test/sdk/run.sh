#!/bin/sh
# `npm run test:sdk`: installs the SDKs as published, and runs them before proxy and simulator.
set -eu

(cd test/sdk && npm ci --ignore-scripts --no-audit --no-fund)
node scripts/build-tap.ts
rm -f .tap/sdk.tap
status=0
tap --disable-coverage --output-file=.tap/sdk.tap test/sdk/*.test.ts || status=1
node scripts/summarize-tap.ts .tap/sdk.tap || status=1
exit "$status"
