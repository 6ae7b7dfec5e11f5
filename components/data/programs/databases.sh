# Makes databases, users and what is in them. Every statement may run again and again.
set -eu
folder=/etc/databases
secrets=/run/databases
PGPASSWORD=$(cat "$secrets/master")
export PGPASSWORD
run() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@"; }

while read -r step database user signing; do
  run --dbname postgres --file "$folder/$step.outside.sql" < /dev/null
  if [ "$signing" = password ]; then
    # psql asks twice, hashes here and sends the verifier; without a terminal it reads its standard input.
    password=$(cat "$secrets/password-$user")
    printf '%s\n%s\n' "$password" "$password" | run --dbname postgres --command "\\password \"$user\""
  fi
  run --dbname "$database" --file "$folder/$step.inside.sql" < /dev/null
  echo "database $database and user $user are in order"
done < "$folder/order"
