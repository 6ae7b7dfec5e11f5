# Gives every table of traces the same end: rows go when they are as old as the posture says. May run again and again.
# A table without a time of its own cannot be told to forget, and ends this job in error so that somebody looks.
set -eu
umask 077
client=${WORK_FOLDER:-/tmp}/client.yaml
cat > "$client" <<END
host: $CLICKHOUSE_HOST
port: $CLICKHOUSE_PORT
secure: true
user: maintenance
password: "$(cat "${SECRETS_FOLDER:-/run/secrets/clickhouse}/clickhouse-maintenance")"
openSSL:
  client:
    loadDefaultCAFile: false
    caConfig: $AUTHORITY
    verificationMode: strict
    invalidCertificateHandler: {name: RejectCertificateHandler}
END
run() { "${CLIENT:-clickhouse}" client --config-file "$client" --query "$1"; }

tables=$(run "SELECT name FROM system.tables WHERE database = 'default' AND engine LIKE '%MergeTree' \
AND name <> 'schema_migrations' AND create_table_query NOT LIKE '%toIntervalHour(%' \
AND create_table_query NOT LIKE '%+ toIntervalDay($RETENTION_DAYS)%' ORDER BY name")
lost=""
for table in $tables; do
  column=$(run "SELECT name FROM system.columns WHERE database = 'default' AND table = '$table' \
AND name IN ('start_time', 'timestamp', 'created_at') \
ORDER BY indexOf(['start_time', 'timestamp', 'created_at'], name) LIMIT 1")
  if [ -z "$column" ]; then
    lost="$lost $table"
    continue
  fi
  run "ALTER TABLE default.$table ON CLUSTER default MODIFY TTL toDateTime($column) + INTERVAL $RETENTION_DAYS DAY"
  echo "$table forgets after $RETENTION_DAYS days, counted from $column"
done
[ -z "$lost" ] || { echo "no time to count from:$lost" >&2; exit 1; }
