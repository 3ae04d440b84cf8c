#!/usr/bin/env bash
# Runs sqld without a container, with the same settings as compose.yml. Make the keys first: README.md.
#   ./run-sqld.sh [OPTION OF SQLD...]
# SQLD names the binary, SQLD_ADDRESS and SQLD_PORT where it listens, SQLD_KEYS and SQLD_DATA the two directories.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sqld=${SQLD:-sqld}
key=${SQLD_KEYS:-$here/keys}/public.pem

# Without a key sqld would let everybody in.
if [ ! -f "$key" ]; then
  echo "error: $key is missing. Make it with make-keys.py." >&2
  exit 1
fi
if ! command -v "$sqld" >/dev/null; then
  echo "error: $sqld is not there. Install it, or set SQLD to its path: README.md says where it comes from." >&2
  exit 1
fi

# --checkpoint-interval-s: without it, sqld 0.24.32 checkpoints inside writes, and can stop writing for good while
# several clients write at once.
umask 077 # its files are for their owner only
exec "$sqld" \
  --db-path "${SQLD_DATA:-$here/data.sqld}" \
  --http-listen-addr "${SQLD_ADDRESS:-127.0.0.1}:${SQLD_PORT:-8080}" \
  --auth-jwt-key-file "$key" \
  --checkpoint-interval-s 60 \
  --no-welcome \
  "$@"
