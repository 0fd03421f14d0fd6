/** @file A clock that stands still until it is told to go on. */

/** A clock for `VaultClientOptions.now`. */
export interface FakeClock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Lets time pass, or come back. */
  advance(ms: number): void;
}

/** Makes a clock. @param startMs milliseconds since the epoch; 2026-01-01T00:00:00Z by default. */
export function makeFakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let atMs = startMs;
  return {
    now: () => atMs,
    advance(ms) {
      atMs += ms;
    },
  };
}
