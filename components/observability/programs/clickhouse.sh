# Writes ClickHouse's two files with the secrets in them into memory, runs it, and writes them anew when a secret changes;
# ClickHouse itself looks for changed files. Of users' passwords only hashes are written.
set -eu
umask 077
templates=${TEMPLATES:-/etc/clickhouse}
secrets=${SECRETS_FOLDER:-/run/secrets/clickhouse}
run=${RUN_FOLDER:-/run/clickhouse}

hash() { printf %s "$(cat "$secrets/$1")" | sha256sum | cut -d ' ' -f 1; }

render() {
  app=$(hash clickhouse)
  maintenance=$(hash clickhouse-maintenance)
  replicas=$(cat "$secrets/clickhouse-replicas")
  sed -e "s/@CLICKHOUSE@/$app/" -e "s/@MAINTENANCE@/$maintenance/" "$templates/users.yaml" > "$run/users.new"
  sed -e "s/@REPLICAS@/$replicas/" "$templates/config.yaml" > "$run/config.new"
  for file in users config; do
    cmp -s "$run/$file.new" "$run/$file.yaml" || mv "$run/$file.new" "$run/$file.yaml"
  done
}

CLICKHOUSE_SERVER_ID=$((${POD_NAME##*-} + 1))
INTERSERVER_HOST="$POD_NAME.$PEERS"
export CLICKHOUSE_SERVER_ID INTERSERVER_HOST
render
(while sleep "${LOOK_SECONDS:-20}"; do render || echo "kept the files that there are" >&2; done) &
exec "${SERVER:-clickhouse}" server --config-file="$run/config.yaml"
