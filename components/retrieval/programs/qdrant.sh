# Starts Qdrant with its keys, which its configuration must hold, and ends it when one of them has changed: the container
# then starts anew. Members wait by their number, so that they do not all leave at once.
set -eu
secrets=/etc/retrieval/secrets
run=/run/qdrant
umask 077
sum() { cat "$secrets"/* | cksum; }

cp /etc/qdrant/config.yaml "$run/config.yaml"
cat >> "$run/config.yaml" <<EOF
  api_key: "$(cat "$secrets/api-key")"
  read_only_api_key: "$(cat "$secrets/read-only-key")"
EOF

number=${POD_NAME##*-}
if [ "$number" = 0 ]; then
  set -- --uri "https://$POD_NAME.$PEERS:6335"
else
  set -- --uri "https://$POD_NAME.$PEERS:6335" --bootstrap "https://${POD_NAME%-*}-0.$PEERS:6335"
fi
./qdrant --config-path "$run/config.yaml" "$@" &
child=$!
trap 'kill -TERM "$child"' TERM INT
before=$(sum)
while kill -0 "$child" 2> /dev/null; do
  sleep 60 &
  wait $! || true
  if [ "$(sum)" != "$before" ]; then
    sleep $((number * 180)) &
    wait $! || true
    kill -TERM "$child" 2> /dev/null || true
    break
  fi
done
wait "$child"
