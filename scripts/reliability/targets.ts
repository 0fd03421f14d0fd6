/** @file What the fault suite shall reach, and what a run has reached. */

/** The figures of one scenario, as the suite writes them down. */
export interface Outcome {
  readonly scenario: string;
  readonly seed?: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly seconds: number;
  /** Of the counts of the whole suite. */
  readonly share: number;
  readonly machine: string;
  readonly node: string;
  readonly isRealtime: boolean;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** A target. */
export interface Target {
  readonly name: string;
  readonly wish: string;
  readonly found: string;
  readonly isMet: boolean;
}

function atLeast(name: string, wish: number, found: number): Target {
  return {
    name,
    wish: `at least ${wish.toLocaleString('en')}`,
    found: found.toLocaleString('en'),
    isMet: found >= wish,
  };
}

function none(name: string, found: number): Target {
  return { name, wish: '0', found: found.toLocaleString('en'), isMet: found === 0 };
}

function figure({ figures }: Outcome, name: string): number {
  return Number(figures[name] ?? 0);
}

/** Compares a run with the targets. */
export function targetsOf(outcomes: readonly Outcome[]): readonly Target[] {
  const sum = (name: string, scenarios: RegExp = /./): number =>
    outcomes
      .filter(({ scenario }) => scenarios.test(scenario))
      .reduce((total, outcome) => total + figure(outcome, name), 0);
  const readyP99 = (scenario: string): Target => {
    const outcome = outcomes.find((candidate) => candidate.scenario === scenario);
    const found = outcome === undefined ? Number.POSITIVE_INFINITY : figure(outcome, 'ready again p99 ms');
    return {
      name: `${scenario}: ready again, p99`,
      wish: 'under 1,000 ms',
      found: `${found} ms`,
      isMet: found < 1_000,
    };
  };
  return [
    atLeast('kills of the server', 300, sum('kills', /^server killed/)),
    atLeast('kills of PostgreSQL', 60, sum('kills', /^PostgreSQL killed/)),
    atLeast('kills of both', 20, sum('kills', /^server and PostgreSQL/)),
    atLeast(
      'writes acknowledged through bad links',
      20_000,
      sum('acknowledged', /^client to server|^server to database/),
    ),
    atLeast('refresh races', 1_000, sum('races')),
    none('acknowledged writes lost', sum('lost')),
    none('writes torn', sum('torn')),
    none('writes doubled', sum('doubled')),
    // Each scenario tells what its PostgreSQL has logged so far.
    none('deadlocks', Math.max(0, ...outcomes.map((outcome) => figure(outcome, 'deadlocks')))),
    none('live tokens after a replay', sum('live tokens after a replay')),
    none('honest users logged out', sum('loggedOut')),
    readyP99('server killed (PostgreSQL)'),
    readyP99('server killed (embedded database)'),
  ];
}
