#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Google's JavaScript SDK talks to the emulator: run.sh EMULATOR-PROGRAM [DIRECTORY]
# Installs the SDK, and the Node.js that it wants, into DIRECTORY; does so once.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$(realpath "${1:?usage: run.sh EMULATOR-PROGRAM [DIRECTORY]}")
directory=${2:-$(dirname "$program")/peers}

mkdir -p "$directory"
cd "$directory"
if ! cmp -s "$here/package.json" installed.json; then
    echo "installing $(grep -o '@google/genai.*[0-9]' "$here/package.json" | tr -d '":') and its Node.js" >&2
    cp "$here/package.json" package.json
    npm install --no-package-lock --no-audit --no-fund --loglevel=error >&2
    node_modules/.bin/node --version >&2
    cp package.json installed.json
fi
cp "$here/conversation.mjs" .
exec node_modules/.bin/node conversation.mjs "$program"
