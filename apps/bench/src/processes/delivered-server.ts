/**
 * @file The server as it is delivered, one file, on the embedded database in the folder of its first argument. What
 * it says on its standard output is where it listens. Ends with its parent.
 */
import { createHash } from 'node:crypto';

const keyFor = (use: string): Buffer => createHash('sha256').update(`bench ${use}`).digest();
Object.assign(process.env, {
  ZKVAULT_DATA_DIR: process.argv[2],
  HOST: '127.0.0.1',
  PORT: '0',
  JWT_SECRET: keyFor('tokens').toString('hex'),
  SERVER_KEYS: `bench:${keyFor('ring').toString('base64url')}`,
  LOG_LEVEL: 'error',
  LOG_FORMAT: 'json',
});
process.stdout.write = (text: string | Uint8Array): boolean => {
  const url = /listening on (\S+)/.exec(String(text))?.[1];
  if (url !== undefined) process.send?.({ url });
  return true;
};
process.on('disconnect', () => process.exit(0));
await import(new URL('../../../server/dist/bundle/main.js', import.meta.url).href);
