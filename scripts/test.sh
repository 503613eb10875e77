#!/bin/sh
# `npm test`: every test, then the coverage floor of .taprc.
set -eu

rm -rf .tap/results.tap .tap/test-results
if ! tap --output-file=.tap/results.tap "$@"; then
  # In CI tap's reporter loses its last picture, the one with the failures' details: draw it again.
  [ -z "${CI:-}" ] || tap replay --reporter=terse --disable-coverage
  exit 1
fi
tap report text-summary --no-allow-incomplete-coverage
