#!/bin/sh
# Make the virtual environment $1, or bring it up to date. PYTHON=... overrides the search for a
# Python; a candidate counts when it runs, not when its name is found (pyenv leaves empty names).
set -eu
venv=$1
export PIP_USER=0 # a `user = true` of pip.conf would install outside the environment, and pip refuses

find_python() {
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3.13 python3.12 python3.11 python3 python; fi
    for candidate; do
        version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
            continue
        case $version in
        3.11 | 3.12 | 3.13) ;;
        *) found="$found, $candidate is $version" && continue ;;
        esac
        if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then return 0; fi
        found="$found, $candidate ($version) lacks venv (on Debian and Ubuntu: apt install python$version-venv)"
    done
    return 1
}

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    found=""
    if ! find_python; then
        found=${found#, }
        echo "Python 3.11, 3.12 or 3.13 with its venv module is needed; name one by PYTHON=/path/to/python3.12. Found: ${found:-none}." >&2
        exit 1
    fi
    echo "Making $venv with $candidate ($version)."
    "$candidate" -m venv --clear "$venv"
fi
echo "Installing into $venv. The first time this takes some minutes."
"$venv/bin/python" -m pip install -qq -c constraints.txt -r requirements.txt -e .
