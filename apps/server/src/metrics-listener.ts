/** @file A listener of its own for `/metrics`, apart from the API: by default only this machine reaches it. */
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { HTTP_TIMEOUTS } from './http/body-deadline.ts';
import { makeProtocolOf } from './http/came-by-tls.ts';
import { registerMetricsPage } from './http/metrics-page.ts';
import { answerFrameworkError, registerProblemHandler } from './http/problem-handler.ts';
import { clientErrorHandler } from './http/raw-refusal.ts';
import { requestIdOf } from './http/request-id.ts';
import { registerSecurityHeaders } from './http/security-headers.ts';
import type { Metrics } from './lib/metrics.ts';

/** A listener of metrics. */
export interface MetricsListener {
  /** The port that it listens on. */
  readonly port: number;
  close(): Promise<void>;
}

/** Where it listens, and what a reader has to show. */
export interface MetricsAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly token: string | undefined;
}

/** Serves `/metrics` and nothing else. */
export async function startMetricsListener(
  { host, port, token }: MetricsAddress,
  metrics: Metrics,
  logger: FastifyBaseLogger,
): Promise<MetricsListener> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    frameworkErrors: answerFrameworkError(makeProtocolOf(false)),
    clientErrorHandler: clientErrorHandler(logger),
    requestTimeout: HTTP_TIMEOUTS.headersTimeout,
    http: HTTP_TIMEOUTS,
    forceCloseConnections: true,
  });
  registerSecurityHeaders(app);
  registerProblemHandler(app);
  registerMetricsPage(app, metrics, token);
  await app.listen({ host, port });
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}
