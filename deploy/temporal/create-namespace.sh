#!/bin/sh
# Makes the namespace where it is missing. The record of an ended run stays in Temporal for 90 days.
set -eu
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 \
  || temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 90d
