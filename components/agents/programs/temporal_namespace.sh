# Registers the namespace of the platform's workflows, or brings its retention in line with the document.
set -eu
ask() {
  temporal operator namespace "$@" --namespace "$NAMESPACE" --address "$ADDRESS" \
    --tls-ca-path /etc/authority/ca.crt --tls-server-name "$SERVER"
}
kept="$((RETENTION_DAYS * 24))h"
if ask describe > /dev/null 2>&1; then
  ask update --retention "$kept"
else
  ask create --retention "$kept"
fi
