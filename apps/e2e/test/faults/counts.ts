/**
 * @file How much the whole fault suite does. `ZKVAULT_FAULTS_SHARE` (0 to 1) makes everything smaller, for trying;
 * docs/reliability.md says what was done, not what was meant to be.
 */

const share = Number(process.env['ZKVAULT_FAULTS_SHARE'] ?? '1');
if (!(share > 0 && share <= 1)) throw new RangeError('ZKVAULT_FAULTS_SHARE must be above 0 and at most 1');

/** How long one scenario may take, in ms: then it ends with what it has, and the page says how much that was. */
export const LIMITS = {
  serverKillsOnPostgres: 420_000,
  serverKillsOnPglite: 170_000,
  postgresKills: 210_000,
  doubleKills: 110_000,
  writesThroughClientLink: 110_000,
  retriedWritesThroughClientLink: 170_000,
  writesThroughDatabaseLink: 90_000,
} as const;

const part = (count: number): number => Math.max(1, Math.round(count * share));

/** The counts of `pnpm test:faults`. */
export const COUNTS = {
  serverKillsOnPostgres: part(240),
  serverKillsOnPglite: part(60),
  postgresKills: part(60),
  doubleKills: part(20),
  /** Writes of clients through a link that is cut, black-holed, slowed, or loses answers. */
  writesThroughClientLink: part(8_000),
  retriedWritesThroughClientLink: part(12_000),
  writesThroughDatabaseLink: part(2_000),
  lostRefreshAnswers: part(1_000),
  parallelRefreshRounds: part(40),
  rollingRestarts: part(10),
  slowSockets: part(1_000),
  floodLogins: part(400),
  clockSteps: part(12),
} as const;
