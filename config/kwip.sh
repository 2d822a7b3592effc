#!/bin/sh
# The command line, callable from any folder: `make` copies this to .venv/bin/kwip.
bin=$(dirname "$(readlink -f "$0")")
project=$(dirname "$(dirname "$bin")")
exec "$bin/python" -c '
import sys

sys.path[0] = sys.argv.pop(1)

from kwip.cli import main

main()
' "$project" "$@"
