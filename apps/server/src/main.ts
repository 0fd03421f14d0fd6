/**
 * @file The server as a process: reads the environment, says where it listens, ends in order.
 * Exit codes: 0 after a signal, 1 if it could not start or had to stop.
 */
import { url as inspectorUrl } from 'node:inspector';
import { resolve } from 'node:path';
import closeWithGrace from 'close-with-grace';
import { type Config, loadConfig } from './config.ts';
import { describeError } from './lib/describe-error.ts';
import { ConfigError } from './lib/environment.ts';
import { type RunningServer, startServer } from './start-server.ts';

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  if (config.environment === 'production' && inspectorUrl() !== undefined)
    throw new ConfigError(['a debugger may connect (--inspect): it could read every secret']);
  const server = await startServer(config);
  const delay = (config.shutdownDelaySeconds + config.shutdownTimeoutSeconds) * 1_000;
  closeWithGrace({ delay, logger: false }, async ({ err }) => {
    if (err !== undefined)
      server.app.log.fatal({ event: 'unhandled_exception', error: describeError(err) }, 'stopping');
    await server.close();
  });
  process.stdout.write(banner(config, server));
}

/** Plain words for the person who started it. Nothing secret. */
function banner(config: Config, server: RunningServer): string {
  const { database, dataDirectory } = config;
  const data =
    database.kind === 'pglite'
      ? `embedded database in ${resolve(dataDirectory)}`
      : `PostgreSQL at ${new URL(database.url).host}`;
  const lines = [
    `zkvault is listening on ${server.url}`,
    ...(server.metricsPort === undefined
      ? []
      : [`  Metrics: port ${server.metricsPort} of ${config.metrics.host}, /metrics`]),
    ...(config.apiDocs === 'public' ? [`  API documentation: ${server.url}/docs`] : []),
    `  Data: ${data}`,
    ...(config.environment === 'development'
      ? [
          '  Environment: development (set ENVIRONMENT=production, JWT_SECRET and SERVER_KEYS to run it for real)',
        ]
      : []),
    '  Stop it with Ctrl-C.',
  ];
  return `\n${lines.join('\n')}\n\n`;
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
