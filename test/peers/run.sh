#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Google's JavaScript SDK beside ours: run.sh BUILD-DIRECTORY
# It talks to our emulator, and both SDKs put the same calls on the wire, which must be the same JSON.
# Installs the SDK, and the Node.js that it wants, into BUILD-DIRECTORY/peers; does so once.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(realpath "${1:?usage: run.sh BUILD-DIRECTORY}")
directory=$build/peers

mkdir -p "$directory"
cd "$directory"
if ! cmp -s "$here/package.json" installed.json; then
    echo "installing $(grep -o '@google/genai.*[0-9]' "$here/package.json" | tr -d '":') and its Node.js" >&2
    cp "$here/package.json" package.json
    npm install --no-package-lock --no-audit --no-fund --loglevel=error >&2
    node_modules/.bin/node --version >&2
    cp package.json installed.json
fi
cp "$here"/*.mjs .
rm -rf recorded
mkdir recorded
logs=$(mktemp)
trap 'rm -f "$logs"' EXIT
sum=(0 0)
# count COMMAND...: what closes with "N passed, N failed" adds to the sum.
count() {
    local closing
    "$@" | tee "$logs" | grep --line-buffered -vE '^[0-9]+ passed, [0-9]+ failed$' || true
    closing=$(tail -n 1 "$logs")
    if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        sum=($((sum[0] + BASH_REMATCH[1])) $((sum[1] + BASH_REMATCH[2])))
    else
        sum[1]=$((sum[1] + 1))
    fi
}
count node_modules/.bin/node conversation.mjs "$build/lib/emulator/gemini-live-emulator"
node_modules/.bin/node record.mjs "$here/../vectors/client_messages.json" recorded/golden_calls.json 2>>sdk.log
node_modules/.bin/node record.mjs "$here/calls.json" recorded/more_calls.json 2>>sdk.log
count "$build/test/vectors/vectors" recorded
echo "${sum[0]} passed, ${sum[1]} failed"
((sum[1] == 0 && sum[0] > 0))
