#!/bin/sh
# Installs Debian's chromium for the browser tests (tests/reports/test_browser.py) where that is allowed.
# A rented machine or a container run as root can; otherwise this says what is missing and changes nothing.
set -eu

for name in chromium chromium-browser; do
    if command -v "$name" >/dev/null 2>&1; then
        echo "chromium is there: $(command -v "$name")"
        exit 0
    fi
done
if ! command -v apt-get >/dev/null 2>&1; then
    echo "cannot install chromium: this system has no apt-get. Install a Chromium by hand and put it on the PATH." >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "cannot install chromium: not root. Run 'sudo apt-get install chromium', then the tests again." >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends chromium fonts-dejavu-core
echo "chromium is there: $(command -v chromium)"
