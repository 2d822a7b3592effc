#!/bin/sh
# Say where Chromium is, which the tests of the pages drive; bring Debian's if it is
# missing and this is root. CHROMIUM=… chooses another one.
set -u

find_browser() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome chrome; do
        [ -n "$name" ] && command -v "$name" && return 0
    done
    return 1
}

find_browser && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the tests …" >&2
    export DEBIAN_FRONTEND=noninteractive
    { apt-get install -qq -y --no-install-recommends chromium ||
        { apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium; }
    } >/dev/null 2>&1
    find_browser && exit 0
fi
echo "kwip: the tests need Chromium: run \`apt-get install chromium\`," \
    "or use another one: \`make test CHROMIUM=/path/to/chrome\`" >&2
exit 2
