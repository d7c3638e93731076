#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Clients of others beside ours: run.sh BUILD-DIRECTORY [install]
# Each talks to our emulator; Google's SDK also puts the same calls on the wire as ours, which must be the same JSON.
# Our client of MCP talks to servers of others. Prometheus's tool checks our page of metrics.
# Installs them, and the Node.js that they want, into BUILD-DIRECTORY/peers, once. With "install" it does no more.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(realpath "${1:?usage: run.sh BUILD-DIRECTORY [install]}")
directory=$build/peers
most_seconds=120 # for one peer

mkdir -p "$directory"
cd "$directory"
if ! cmp -s "$here/package.json" installed.json; then
    echo "installing $(grep -c '": "[0-9]' "$here/package.json") packages and what they need" >&2
    rm -rf node_modules
    cp "$here/package.json" package.json
    timeout 600 npm install --no-package-lock --no-audit --no-fund --loglevel=error >&2
    node_modules/.bin/node --version >&2
    cp package.json installed.json
fi
if [[ ! -x promtool ]]; then # out of Debian's package, without the service
    rm -rf prometheus
    mkdir prometheus
    download() { (cd prometheus && timeout 300 apt-get download -qq prometheus >&2); }
    download || { apt-get update -qq >&2 && download; }
    dpkg-deb --fsys-tarfile prometheus/*.deb | tar -xO ./usr/bin/promtool >promtool.new
    chmod +x promtool.new
    mv promtool.new promtool
    rm -r prometheus
fi
[[ ${2:-} != install ]] || exit 0
rm -f ./*.mjs
cp "$here"/*.mjs .
rm -rf recorded
mkdir recorded
logs=$(mktemp)
trap 'rm -f "$logs"' EXIT
sum=(0 0)
# count COMMAND...: what closes with "N passed, N failed" adds to the sum; what does not has failed.
count() {
    local closing
    timeout --kill-after=5 "$most_seconds" "$@" 2>>sdk.log | tee "$logs" |
        grep --line-buffered -vE '^[0-9]+ passed, [0-9]+ failed$' || true
    closing=$(tail -n 1 "$logs")
    if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] && ((BASH_REMATCH[1] + BASH_REMATCH[2] > 0)); then
        sum=($((sum[0] + BASH_REMATCH[1])) $((sum[1] + BASH_REMATCH[2])))
    else
        echo "  FAILED  $*: did not run to its end:"
        tail -n 20 sdk.log
        sum[1]=$((sum[1] + 1))
    fi
}
: >sdk.log
for peer in conversation genai_live_tests google_cloud livekit adk ai_sdk firebase; do
    count node_modules/.bin/node "$peer.mjs" "$build/lib/emulator/gemini-live-emulator"
done
node_modules/.bin/node record.mjs "$here/../vectors/client_messages.json" recorded/golden_calls.json 2>>sdk.log
node_modules/.bin/node record.mjs "$here/calls.json" recorded/more_calls.json 2>>sdk.log
count "$build/test/vectors/vectors" recorded
mcp_client=$build/test/peers/mcp-client
servers=node_modules/@modelcontextprotocol
everything=$servers/server-everything/dist/index.js
count "$mcp_client" everything node_modules/.bin/node "$everything" stdio
with_server() { # COMMAND…: with the URL of a server of tools behind it
    local port=0 status=0
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    PORT=$port node_modules/.bin/node "$everything" streamableHttp >>sdk.log 2>&1 & local server=$!
    timeout 30 bash -c "until 2>/dev/null : </dev/tcp/127.0.0.1/$port; do sleep 0.1; done" || true
    count "$@" "http://127.0.0.1:$port/mcp" || status=$?
    kill "$server"
    wait "$server" || true
    return "$status"
}
with_server "$mcp_client" everything
notes=$(mktemp -d)
count "$mcp_client" filesystem "$notes" node_modules/.bin/node "$servers/server-filesystem/dist/index.js" "$notes"
rm -r "$notes"
count node_modules/.bin/node mcp_conformance.mjs "$mcp_client" "$here/../../docs/mcp.md"
check_metrics() {
    "$build/test/peers/metrics-page" >metrics.txt
    echo "promtool $(./promtool --version 2>&1 | sed -n 's/^promtool, version \([^ ]*\).*/\1/p')"
    ./promtool check metrics <metrics.txt && echo "1 passed, 0 failed"
}
export build
export -f check_metrics
count bash -euo pipefail -c check_metrics
echo "${sum[0]} passed, ${sum[1]} failed"
((sum[1] == 0 && sum[0] > 0))
