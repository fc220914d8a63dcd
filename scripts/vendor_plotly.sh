#!/bin/sh
# Fetches the chart library of the HTML report from the npm registry again and compares it with the one in the package.
# Usage: scripts/vendor_plotly.sh [VERSION]   another version than the vendored one replaces it; then update the hash
# in reports/html.py and the notice beside the file.
set -eu

version="${1:-4.1.1}"
assets="$(cd "$(dirname "$0")/../reports/assets" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "plotly.js-basic-dist-min@$version" >/dev/null
tar xzf plotly.js-basic-dist-min-*.tgz
gzip -dc "$assets/plotly-basic.min.js.gz" >vendored.js
if cmp -s vendored.js package/plotly-basic.min.js; then
    echo "the vendored file is plotly.js-basic-dist-min $version, unchanged"
    exit 0
fi
gzip -9 --no-name <package/plotly-basic.min.js >"$assets/plotly-basic.min.js.gz"
cp package/LICENSE "$assets/plotly-basic.LICENSE.txt"
echo "replaced; SHA-256 of the unpacked file, base64:"
openssl dgst -sha256 -binary package/plotly-basic.min.js | openssl base64
