# Make the virtual environment $1 with $PYTHON, else with the first Python that will do.
set -u

refuse() {
    echo "kwip: $1" >&2
    exit 2
}

will_do() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

if [ -n "$PYTHON" ]; then
    will_do "$PYTHON" || refuse "PYTHON=$PYTHON: must be Python 3.11 or newer"
    found=$PYTHON
else
    found=
    for name in python3.11 python3 python3.12 python3.13 python3.14; do
        if will_do "$name"; then
            found=$name
            break
        fi
    done
    [ -n "$found" ] ||
        refuse "no Python 3.11 or newer found: run \`apt-get install python3 python3-venv\`"
fi

"$found" -c 'import ensurepip, venv' 2>/dev/null ||
    refuse "$found cannot create virtual environments: run \`apt-get install python3-venv\`"
echo "Creating $1 with $("$found" --version) …"
"$found" -m venv --clear "$1" || refuse "$found -m venv $1 failed, see above"
