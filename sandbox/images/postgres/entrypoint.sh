#!/bin/sh
# Makes the cluster on the first start, then becomes the server. Any other command runs as it is.
set -eu

if [ "${1:-}" != postgres ]; then
  exec "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?is needed for the first start}"
  # What a start that died half-way left behind is no cluster: begin again.
  find "$PGDATA" -mindepth 1 -delete
  unfinished="$PGDATA/.unfinished"
  mkdir "$unfinished"
  passwords="$(mktemp)"
  printf '%s\n' "$POSTGRES_PASSWORD" >"$passwords"
  initdb --pgdata="$unfinished" --username=postgres --pwfile="$passwords" \
    --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-instructions
  rm -f "$passwords"
  {
    echo "listen_addresses = '*'"
    echo "unix_socket_directories = '/var/run/postgresql'"
  } >>"$unfinished/postgresql.conf"
  echo 'host all all all scram-sha-256' >>"$unfinished/pg_hba.conf"
  if [ "${POSTGRES_DB:-postgres}" != postgres ]; then
    printf 'CREATE DATABASE "%s"\n' "$POSTGRES_DB" | postgres --single -D "$unfinished" postgres >/dev/null
  fi
  # PG_VERSION last: it is what says that the cluster is whole.
  find "$unfinished" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$PGDATA" {} +
  mv "$unfinished/PG_VERSION" "$PGDATA/PG_VERSION"
  rmdir "$unfinished"
fi

exec "$@"
