/** @file Goes on counting when the shared counter cannot be reached. */
import { describeError } from '../describe-error.ts';
import type { RateCounter } from './rate-counter.ts';

/** How often a counter that failed is asked again. */
const ASK_AGAIN_MS = 1_000;

/** Who is told that a counter is lost or back: once each time. */
export interface OutageSink {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What a steady counter is made of. */
export interface SteadyRateCounterDeps {
  readonly shared: RateCounter;
  readonly local: RateCounter;
  readonly logger: OutageSink;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/**
 * Counts with the shared counter and, while that fails, with the local one. A server alone then still
 * limits whom it sees; several of them together let pass up to that many times as much. While the shared
 * counter is away, one request a second waits for it and the others do not.
 */
export function makeSteadyRateCounter(deps: SteadyRateCounterDeps): RateCounter {
  const { shared, local, logger, now = () => performance.now() } = deps;
  let lost = false;
  let askAgainAt = 0;

  return {
    async count(rule, caller) {
      if (lost) {
        if (now() < askAgainAt) return local.count(rule, caller);
        askAgainAt = now() + ASK_AGAIN_MS;
      }
      try {
        const tally = await shared.count(rule, caller);
        noteReturn();
        return tally;
      } catch (error) {
        noteLoss(error);
        return local.count(rule, caller);
      }
    },
    async close() {
      await shared.close();
      await local.close();
    },
  };

  function noteLoss(error: unknown): void {
    askAgainAt = now() + ASK_AGAIN_MS;
    if (lost) return;
    lost = true;
    logger.warn(
      { event: 'rate_limit_store_lost', error: describeError(error) },
      'redis cannot be reached; rate limits count in this process alone',
    );
  }

  function noteReturn(): void {
    if (!lost) return;
    lost = false;
    logger.info({ event: 'rate_limit_store_back' }, 'redis is back; rate limits are shared again');
  }
}
