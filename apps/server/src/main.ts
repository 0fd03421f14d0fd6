/**
 * @file The server as a process: reads the environment, says where it listens, ends in order.
 * Exit codes: 0 after a signal, 1 if it could not start or had to stop.
 */
import { url as inspectorUrl } from 'node:inspector';
import { loadConfig } from './config.ts';
import { openEmbeddedDatabase } from './db/embedded-database.ts';
import { ConfigError } from './lib/environment.ts';

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  if (config.environment === 'production' && inspectorUrl() !== undefined)
    throw new ConfigError(['a debugger may connect (--inspect): it could read every secret']);
  const { database } = config;
  const embedded = database.kind === 'pglite' ? openEmbeddedDatabase(database.dataDirectory) : undefined;
  const { serve } = await import('./serve.ts');
  await serve(config, embedded);
}

function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return 'unknown error';
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`zkvault cannot start: ${explain(error)}\n`);
  process.exitCode = 1;
}
