#!/bin/sh
# Say where a program of Debian's is that tests run: `config/tools.sh nginx`. If it is
# missing, unpack it into .venv, where nothing starts it and no root is needed.
# NGINX=… and SYSTEMD_ANALYZE=… choose other programs, LIBFAKETIME=… another library.
set -u
name=$1
library=
case $name in
    nginx) packages=nginx version=-v ;;
    systemd-analyze) packages="systemd libsystemd-shared" version=--version ;;
    libfaketime) packages=libfaketime library=faketime/libfaketime.so.1 ;;
    *) echo "kwip: $name: unknown tool" >&2 && exit 2 ;;
esac
root=$(cd "$(dirname "$0")/.." && pwd)/.venv/debian
variable=$(echo "$name" | tr a-z- A-Z_)

find_library() {
    for found in "$(printenv "$variable")" /usr/lib/*/"$library" "$root"/usr/lib/*/"$library"; do
        [ -f "$found" ] && echo "$found" && return 0
    done
    return 1
}

find_tool() {
    [ -n "$library" ] && { find_library; return; }
    for found in "$(printenv "$variable")" "$name" "/usr/sbin/$name" "$root/tools/$name"; do
        # A program without its libraries does not say its version.
        [ -n "$found" ] && "$found" $version >/dev/null 2>&1 &&
            command -v "$found" && return 0
    done
    return 1
}

unpack() {
    mkdir -p "$root/tools"
    folder=$(mktemp -d)
    cd "$folder"
    apt-get download $packages || { apt-get update && apt-get download $packages; }
    for package in "$folder"/*.deb; do
        dpkg -x "$package" "$root"
    done
    rm -r "$folder"
    [ -n "$library" ] && return
    cat >"$root/tools/$name" <<END
#!/bin/sh
export LD_LIBRARY_PATH="$(find "$root" -name 'libsystemd-shared*.so' -printf %h -quit)"
exec "$(find "$root/usr" -path "*bin/$name")" "\$@"
END
    chmod 755 "$root/tools/$name"
}

find_tool && exit 0
if command -v apt-get >/dev/null; then
    echo "Unpacking $name for the tests …" >&2
    (set -e && unpack) >/dev/null 2>&1
    find_tool && exit 0
fi
echo "kwip: the tests need $name: run \`apt-get install $packages\`," \
    "or use another one: \`make test $variable=/path/to/$name\`" >&2
exit 2
