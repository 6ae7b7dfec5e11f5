#!/bin/sh
# Start Grafana with the way to the identity provider: the proxy asks who is calling, and its key is in a file, so that it
# stands in no definition of a pod. The image's own run.sh reads the other secrets from the files that *__FILE name.
set -eu
key=$(cat /etc/dashboards/secrets/proxy)
export HTTPS_PROXY="${PROXY_URL%%://*}://platform:${key}@${PROXY_URL#*://}"
exec /run.sh
