#!/bin/sh
# A certificate authority of this compose project alone, the certificate of its PostgreSQL, and for a first try one for
# nginx, which yours replaces. Runs once: what is there is left alone.
set -eu
cd "$1"
if [ ! -f ca.crt ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -subj '/CN=zkvault database' -keyout ca.key -out ca.crt
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=postgres -keyout postgres.key -out postgres.csr
  printf 'subjectAltName=DNS:postgres\n' > postgres.ext
  openssl x509 -req -in postgres.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile postgres.ext -out postgres.crt
  rm ca.key postgres.csr postgres.ext
  # 999 is postgres in its image, which takes no key that others can read.
  chown 999:999 postgres.key 2>/dev/null || true
  chmod 0600 postgres.key
  chmod 0644 ca.crt postgres.crt
fi
if [ ! -f fullchain.pem ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 \
    -subj /CN=vault.example.com -addext subjectAltName=DNS:vault.example.com -keyout privkey.pem -out fullchain.pem
  # 101 is nginx in its unprivileged image.
  chown 101:101 privkey.pem 2>/dev/null || true
  chmod 0600 privkey.pem
fi
