/**
 * @file Writes `.env` for docker compose: every secret fresh, in the form that docker-compose.yml wants, readable by its
 * owner alone. It never replaces a file: what is in it may be all that opens the database.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const secret = (bytes = 32) => randomBytes(bytes).toString('base64url');
const file = fileURLToPath(new URL('../.env', import.meta.url));
const url = (role, password) =>
  `postgresql://${role}:${password}@postgres:5432/zkvault?sslmode=verify-full&sslrootcert=/run/tls/ca.crt`;
const [owner, server, valkey] = [secret(), secret(), secret()];

const settings = {
  POSTGRES_PASSWORD: secret(),
  OWNER_PASSWORD: owner,
  SERVER_PASSWORD: server,
  OWNER_DATABASE_URL: url('zkvault_owner', owner),
  DATABASE_URL: url('zkvault_server', server),
  VALKEY_PASSWORD: valkey,
  REDIS_URL: `redis://:${valkey}@valkey:6379`,
  JWT_SECRET: secret(48),
  SERVER_KEYS: `k1:${secret()}`,
  METRICS_TOKEN: secret(),
  GRAFANA_PASSWORD: secret(),
};

const text = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
try {
  writeFileSync(file, text.join(''), { mode: 0o600, flag: 'wx' });
  process.stdout.write(`wrote ${file}; keep a copy of SERVER_KEYS where the database is not\n`);
} catch (error) {
  process.stderr.write(`${file} is there already, or cannot be written: ${error.code}\n`);
  process.exitCode = 1;
}
