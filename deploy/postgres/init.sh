#!/bin/sh
# Run by the image of PostgreSQL in a new database: the two roles of least-privilege.sql.
set -eu
OWNER_PASSWORD="$(cat /run/secrets/owner_password)"
SERVER_PASSWORD="$(cat /run/secrets/server_password)"
export OWNER_PASSWORD SERVER_PASSWORD
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --file /deploy/least-privilege.sql
