#!/bin/sh
# The server takes its database's password from its environment only. Set here, it stands in no container's settings:
# `docker inspect` does not show it.
set -eu
POSTGRES_PWD=$(cat /run/secrets/temporal_database_password)
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
