#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The viewer's page in headless Chromium: run.sh BUILD-DIRECTORY         tests it; ends with "N passed, N failed"
#                                        run.sh BUILD-DIRECTORY FOLDER  takes the pictures of the docs
# Installs playwright-core, which drives the system's Chromium, into BUILD-DIRECTORY/page; does so once.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(realpath "${1:?usage: run.sh BUILD-DIRECTORY [FOLDER-OF-PICTURES]}")
pictures=${2:+$(realpath "$2")}
directory=$build/page
most_seconds=240

mkdir -p "$directory"
cd "$directory"
if ! cmp -s "$here/package.json" installed.json; then
    echo "installing $(grep -c '": "[0-9]' "$here/package.json") packages" >&2
    rm -rf node_modules
    cp "$here/package.json" package.json
    timeout 300 npm install --no-package-lock --no-audit --no-fund --loglevel=error >&2
    cp package.json installed.json
fi
cp "$here"/*.mjs .
"$build/test/viewer/record-call" call.jsonl
"$build/lib/viewer/gemini-live-view" -o call.html call.jsonl
if [[ $pictures ]]; then
    timeout --kill-after=5 "$most_seconds" node_modules/.bin/node pictures.mjs call.html "$pictures"
    pngquant --force --ext .png --skip-if-larger 128 "$pictures"/viewer-*.png
else
    timeout --kill-after=5 "$most_seconds" node_modules/.bin/node page_test.mjs "$build"
fi
