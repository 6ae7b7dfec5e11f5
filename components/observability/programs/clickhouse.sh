# Writes ClickHouse's two files with the secrets and the pod's own name in them into memory, runs it, and writes them anew
# when a secret changes; ClickHouse itself looks for changed files. Of users' passwords only hashes are written.
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
  sed -e "s/@REPLICAS@/$replicas/g" -e "s/@NUMBER@/$number/" -e "s/@POD@/$POD_NAME/g" -e "s/@PEERS@/$PEERS/g" \
    "$templates/config.yaml" > "$run/config.new"
  for file in users config; do
    cmp -s "$run/$file.new" "$run/$file.yaml" || mv "$run/$file.new" "$run/$file.yaml"
  done
}

number=$((${POD_NAME##*-} + 1))
render
(while sleep "${LOOK_SECONDS:-20}"; do render || echo "kept the files that there are" >&2; done) &
exec "${SERVER:-clickhouse}" server --config-file="$run/config.yaml"
