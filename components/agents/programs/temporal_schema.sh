# Brings both databases to the schema of this version. May run again and again: what is there is left as it is.
set -eu
bring() {
  tool="temporal-sql-tool --plugin postgres12 --endpoint 127.0.0.1 --port 5432 --user temporal --database $1"
  $tool update-schema --schema-name "$2" || { $tool setup-schema --version 0.0; $tool update-schema --schema-name "$2"; }
}
bring temporal postgresql/v12/temporal
bring temporal_visibility postgresql/v12/visibility
