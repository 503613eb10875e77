#!/bin/sh
# `npm run test:long`: what `npm test` leaves out because it takes minutes. See `exclude` in .taprc.
set -eu

node scripts/build-tap.ts
rm -f .tap/long.tap
tap --disable-coverage --output-file=.tap/long.tap \
  test/k8s/*.test.ts \
  test/prometheus/*.test.ts \
  test/integration/fleet-*.test.ts \
  test/integration/peer*.test.ts \
  test/integration/file-store*.test.ts \
  test/integration/bundle.test.ts \
  test/integration/demo.test.ts \
  test/integration/old-node.test.ts \
  test/integration/packed.test.ts \
  test/integration/status-page.test.ts \
  test/conformance/large-*.test.ts \
  test/conformance/back-pressure.test.ts \
  test/conformance/upstream-fails.test.ts \
  test/conformance/fuzz.test.ts \
  test/conformance/keep-alive.test.ts \
  test/conformance/refused-slow-heads.test.ts \
  test/conformance/refused-starts.test.ts \
  test/conformance/smuggling-errors-under-way.test.ts \
  test/contract/stores-redis*.test.ts \
  test/integration/accounts-file.test.ts \
  test/integration/endless-rejection.test.ts \
  test/integration/mended-credentials.test.ts \
  test/integration/process-commands.test.ts \
  test/integration/steady-load.test.ts \
  test/integration/unix-socket.test.ts \
  test/faults/*.test.ts
