#!/bin/sh
# Sets every value and secret that polytope.yml names to a default for work on one's own machine. Real ones belong into
# .values_and_secrets.sh, which Git ignores. `pt values defaults` writes this file from what polytope.yml names.
set -e
cd "$(dirname "$0")"
pt=${PT:-pt}

"$pt" values set web_port 8000
