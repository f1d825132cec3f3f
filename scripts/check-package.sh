#!/bin/sh
# What is published: nothing unused, and entry points that resolve, with types. Expects a build.
set -eu
cd "$(dirname "$0")/.."

for door in sdk/index.ts runtime/index.ts runtime/cli/main.ts; do
  if [ ! -f "$door" ]; then
    echo "check:package: skipped, $door does not exist yet"
    exit 0
  fi
done

npm run check:unused
npm run check:publish
npm run check:exports
