#!/bin/sh
# Plays scripts/demo-fargate.ts; before that it installs Redis where it may, as `npm run verify` does.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"
. scripts/provide.sh

if [ -z "${REDIS_SERVER:-}" ]; then provide redis-server redis-server valkey-server || exit 1; fi
exec node --disable-warning=ExperimentalWarning scripts/demo-fargate.ts
