/** @file Serves until a signal comes: the larger part of the program, loaded while the embedded database opens. */
import { resolve } from 'node:path';
import closeWithGrace from 'close-with-grace';
import type { Config } from './config.ts';
import type { EmbeddedDatabase } from './db/embedded-database.ts';
import { describeError } from './lib/describe-error.ts';
import { type RunningServer, startServer } from './start-server.ts';

/**
 * Starts the server, says where it listens, and has it end in order.
 *
 * @param embedded the embedded database, which the caller has begun to open.
 */
export async function serve(config: Config, embedded: EmbeddedDatabase | undefined): Promise<void> {
  const server = await startServer(config, { embedded });
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
