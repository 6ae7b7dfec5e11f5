# Basic authentication for Squid: one caller name, whose secret is mounted and renewed while this runs.
# Reads "name secret" lines and answers OK or ERR; never prints what it reads.
while read -r name secret; do
  expected=$(cat /etc/proxy-secrets/credentials) || expected=
  if [ "$name" = platform ] && [ -n "$expected" ] && [ "$secret" = "$expected" ]; then
    echo OK
  else
    echo ERR
  fi
done
