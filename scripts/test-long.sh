#!/bin/sh
# `npm run test:long`: what `npm test` leaves out because it takes minutes. That is `exclude` in .taprc,
# but for test/sdk, which has a command of its own.
set -eu

long=$(sed -n '/^exclude:/,/^[a-z]/s/^  - //p' .taprc | grep -v '^test/sdk/' | sed 's#/\*\*$#/*.test.ts#')

node scripts/build-tap.ts
rm -f .tap/long.tap
# Unquoted: the shell finds the files.
tap --disable-coverage --output-file=.tap/long.tap $long
