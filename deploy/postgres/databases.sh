#!/usr/bin/env bash
# One database and one role a service, on the first start of the container.
set -euo pipefail
for name in accounts catalog submissions notifications connector_gateway; do
    psql --username=postgres --set=password="$POSTGRES_PASSWORD" <<SQL
CREATE ROLE $name LOGIN PASSWORD :'password';
CREATE DATABASE $name OWNER $name;
REVOKE ALL ON DATABASE $name FROM PUBLIC;
SQL
done
