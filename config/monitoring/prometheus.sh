#!/bin/sh
# Say in which folder Prometheus, promtool and Alertmanager are, which the tests of the
# alerts run. Debian's packages are unpacked into .venv/monitoring, not installed, so
# that no service starts. PROMETHEUS=… names another folder with all three.
set -u
cd "$(dirname "$0")/../.." || exit 2

here=$PWD/.venv/monitoring
for folder in "${PROMETHEUS:-}" "$here/usr/bin" /usr/bin /usr/local/bin; do
    [ -x "$folder/promtool" ] && [ -x "$folder/prometheus" ] &&
        [ -x "$folder/prometheus-alertmanager" ] && echo "$folder" && exit 0
done
if command -v apt-get >/dev/null; then
    echo "Downloading Prometheus for the tests …" >&2
    new=$here.$$
    mkdir -p "$new" && cd "$new" || exit 2
    packages="prometheus prometheus-alertmanager"
    # shellcheck disable=SC2086 # two words
    { apt-get download -qq $packages ||
        { apt-get update -qq && apt-get download -qq $packages; }
    } >/dev/null 2>&1
    for package in ./*.deb; do
        dpkg -x "$package" . && rm "$package"
    done
    cd .. && { mv -T "$new" "$here" 2>/dev/null || rm -rf "$new"; }
    [ -x "$here/usr/bin/promtool" ] && echo "$here/usr/bin" && exit 0
fi
echo "kwip: the tests of the alerts need Prometheus: run \`apt-get install prometheus" \
    "prometheus-alertmanager\`, or name its folder: \`make test PROMETHEUS=/folder\`" >&2
exit 2
