#!/bin/sh
# Runs every test and ends with one line, "N passed, N failed". Fails if a test failed or none ran.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"

. scripts/provide.sh

# Debian starts a server with the package: tests start their own, on ports of their own.
provide redis-server redis-server valkey-server || exit 1
provide tmux tmux || true

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

status=0
npm test -- --reporter=default --reporter=json --outputFile.json="$scratch/report.json" </dev/null || status=$?
node scripts/test-totals.ts "$scratch/report.json" "$status"
