/**
 * @file The product under load, as operators run it but for the log and the rate limits. Its argument is the URL of
 * a database, or the folder of an embedded one. Every process has the same keys. Ends with its parent.
 */
import { createHash } from 'node:crypto';
import { loadConfig, startServer } from '@zkvault/server';

const database = process.argv[2] ?? '';
const keyFor = (use: string): Buffer => createHash('sha256').update(`bench ${use}`).digest();
const server = await startServer(
  loadConfig({
    ...(database.startsWith('postgres') ? { DATABASE_URL: database } : { ZKVAULT_DATA_DIR: database }),
    HOST: '127.0.0.1',
    PORT: '0',
    JWT_SECRET: keyFor('tokens').toString('hex'),
    SERVER_KEYS: `bench:${keyFor('ring').toString('base64url')}`,
    LOG_LEVEL: 'error',
    LOG_FORMAT: 'json',
    RATE_LIMIT_PER_MINUTE: 'off',
    SESSION_RATE_LIMIT: 'off',
    LOGIN_RATE_LIMIT: 'off',
    REGISTER_RATE_LIMIT: 'off',
    REFRESH_RATE_LIMIT: 'off',
  }),
);
const { ok } = await fetch(`${server.url}/readyz`);
if (!ok) throw new Error('the server is not ready');
process.send?.({ url: server.url });
process.on('message', () => {
  globalThis.gc?.();
  process.send?.('collected');
});
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(0));
