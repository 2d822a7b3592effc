#!/bin/sh
# Say where Chromium is, which the tests of the pages drive; bring Debian's if it is
# missing and this is root. CHROMIUM=… chooses another one. `browser.sh light` prefers
# the one without a window of any kind: it needs a third less of the processors, but
# knows nothing of push messages.
set -u

found() {
    for name in "$@"; do
        [ -n "$name" ] && command -v "$name" && return 0
    done
    return 1
}

bring() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "Installing $1 for the tests …" >&2
    export DEBIAN_FRONTEND=noninteractive
    { apt-get install -qq -y --no-install-recommends "$1" ||
        { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$1"; }
    } >/dev/null 2>&1
}

if [ "${1:-}" = light ]; then
    found "${CHROMIUM:-}" chromium-headless-shell && exit 0
    bring chromium-headless-shell && found chromium-headless-shell && exit 0
fi
found "${CHROMIUM:-}" chromium chromium-browser google-chrome chrome && exit 0
bring chromium && found chromium && exit 0
echo "kwip: the tests need Chromium: run \`apt-get install chromium\`," \
    "or use another one: \`make test CHROMIUM=/path/to/chrome\`" >&2
exit 2
