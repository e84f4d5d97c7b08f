#!/bin/sh
# The password goes into a file that only Redis reads, not into an argument list.
set -eu

if [ "${1:-}" != redis-server ]; then
  exec "$@"
fi
shift

: "${REDIS_PASSWORD:?is needed}"
umask 077
{
  echo 'bind * -::*'
  echo 'port 6379'
  echo 'dir /data'
  echo 'protected-mode no'
  printf 'requirepass %s\n' "$REDIS_PASSWORD"
} >/run/redis/redis.conf
exec redis-server /run/redis/redis.conf "$@"
