/** @file The product under load, as operators run it but for the log and the rate limits. Ends with its parent. */
import { randomBytes } from 'node:crypto';
import { loadConfig, startServer } from '@zkvault/server';

const server = await startServer(
  loadConfig({
    DATABASE_URL: process.argv[2],
    HOST: '127.0.0.1',
    PORT: '0',
    JWT_SECRET: randomBytes(32).toString('hex'),
    SERVER_KEYS: `bench:${randomBytes(32).toString('base64url')}`,
    LOG_LEVEL: 'error',
    LOG_FORMAT: 'json',
    RATE_LIMIT_PER_MINUTE: 'off',
    SESSION_RATE_LIMIT: 'off',
    LOGIN_RATE_LIMIT: 'off',
    REGISTER_RATE_LIMIT: 'off',
    REFRESH_RATE_LIMIT: 'off',
  }),
);
process.send?.({ url: server.url });
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(0));
