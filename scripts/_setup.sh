# Sourced by the other scripts. Goes to the top of the repository and offers:
#   setup_dev         .venv with the project (editable) and its development tools
#   setup_wheel FILE  .venv-wheel with the project as its users get it, from a built wheel, and what its tests need
# Both install dependencies again only when pyproject.toml changed. Works with bash 3.2, the one macOS has.
# Set PYTHON to choose the interpreter.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A module found there would stand in for the one under test.
unset PYTHONPATH PYTHONHOME

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

is_recent() { "$@" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# uv is used if it knows dependency groups; otherwise pip does.
has_uv() {
  if [ -z "${SETUP_UV:-}" ]; then
    SETUP_UV=no
    if command -v uv >/dev/null 2>&1 && uv pip install --help 2>/dev/null | grep -q -e '--group'; then SETUP_UV=yes; fi
  fi
  [ "$SETUP_UV" = yes ]
}

# Prints the interpreter to use. A name on the PATH may be a shim that refuses to run, so each one is tried.
find_python() {
  local candidate
  if [ -n "${PYTHON:-}" ]; then
    is_recent "$PYTHON" || die "PYTHON=$PYTHON is not a working Python 3.11 or newer."
    printf '%s\n' "$PYTHON"
    return
  fi
  for candidate in python3.13 python3.12 python3.11 python3.14 python3 python; do
    if is_recent "$candidate"; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  has_uv && return # uv fetches one
  die "no Python 3.11 or newer found. Install one (https://www.python.org/downloads/) or uv" \
    "(https://docs.astral.sh/uv/), or set PYTHON to the path of one."
}

identity() { "$1" -c 'import sys; print(sys.version, sys.base_prefix)' 2>/dev/null; }

# Whether an environment can be used and added to, and is of the Python that was asked for.
works() {
  is_recent "$1/bin/python" || return 1
  has_uv || "$1/bin/python" -c 'import pip' 2>/dev/null || return 1
  [ -z "${PYTHON:-}" ] || [ "$(identity "$PYTHON")" = "$(identity "$1/bin/python")" ]
}

# make_venv DIRECTORY: replaces what is there.
make_venv() {
  local directory=$1 python
  python=$(find_python)
  if has_uv; then
    uv venv --quiet --clear --python "${python:->=3.11}" "$directory"
  else
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
      die "$python cannot make virtual environments. Debian and Ubuntu have that in the package python3-venv."
    "$python" -m venv --clear "$directory"
    # Dependency groups came with pip 25.1.
    "$directory/bin/python" -m pip install --quiet --upgrade 'pip>=25.1'
  fi
  printf '*\n' >"$directory/.gitignore"
}

# install DIRECTORY ARGUMENT...
install() {
  local directory=$1
  shift
  if has_uv; then
    uv pip install --quiet --python "$directory/bin/python" "$@"
  else
    "$directory/bin/python" -m pip install --quiet "$@"
  fi
}

# The path is part of it: a copied environment still points to where it was made.
wanted_state() { pwd && cat pyproject.toml; }

is_current() { works "$1" && wanted_state | cmp -s - "$1/.installed-for"; }

mark_current() { wanted_state >"$1/.installed-for"; }

setup_dev() {
  if is_current .venv; then return; fi
  say "Setting up .venv (about a minute; again only when pyproject.toml changes) ..."
  works .venv || make_venv .venv
  install .venv --editable . --group dev
  mark_current .venv
}

setup_wheel() {
  local wheel=$1
  if is_current .venv-wheel; then
    # The version stays the same while the code changes, so the wheel must be forced in.
    install .venv-wheel --force-reinstall --no-deps "$wheel"
    return
  fi
  say "Setting up .venv-wheel (about a minute; again only when pyproject.toml changes) ..."
  # Always anew: a dependency that pyproject.toml no longer names must not linger and hide that the code needs it.
  make_venv .venv-wheel
  install .venv-wheel "$wheel" --group test
  mark_current .venv-wheel
}
