#!/bin/sh
# Sets every value and secret that polytope.yml names to a default for work on one's own machine.
set -e
cd "$(dirname "$0")"
pt=${PT:-pt}

"$pt" values set db_host db
"$pt" values set db_port 5432
"$pt" values set db_name shop
"$pt" values set api_host api
"$pt" values set api_port 8000
"$pt" values set web_host web
"$pt" values set web_port 3000
"$pt" secrets set db_username shop_app
"$pt" secrets set db_password for-development-only
