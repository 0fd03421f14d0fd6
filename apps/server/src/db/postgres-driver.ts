/**
 * @file Kysely's way to PostgreSQL, with as few round trips as there can be
 * (docs/adr/0031-statements-are-prepared-and-pipelined.md): every statement is prepared once per connection,
 * quick reads share connections, and a transaction takes a connection only when it begins.
 */
import {
  AbortedTransactionError,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import type pg from 'pg';
import { isPlanOutdated } from './database-errors.ts';
import { holdWrites } from './hold-writes.ts';
import type { Pipes } from './postgres-pipes.ts';
import { answerLater, type Explain, toldLater, travelOf } from './statement.ts';

/** Where statements go. */
export interface Lines {
  /** Its connections are made with `pipeline: true`, or a transaction waits for each answer. */
  readonly pool: pg.Pool;
  readonly pipes: Pipes;
}

/** The dialect over these connections; they end with it. */
export function postgresDialect(lines: Lines): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => makeDriver(lines),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

function makeDriver(lines: Lines): Driver {
  const names = makeStatementNames();
  return {
    init: async () => {},
    acquireConnection: async () => new Lane(lines, names),
    beginTransaction: (lane, settings) => (lane as Lane).begin(settings),
    commitTransaction: (lane) => (lane as Lane).commit(),
    rollbackTransaction: (lane) => (lane as Lane).rollback(),
    releaseConnection: async (lane) => (lane as Lane).release(),
    async destroy() {
      await Promise.all([lines.pool.end(), lines.pipes.close()]);
    },
  };
}

/** What Kysely takes for a connection: a single statement, or a transaction. */
class Lane implements DatabaseConnection {
  readonly #lines: Lines;
  readonly #names: StatementNames;
  #client: pg.PoolClient | undefined;
  #isBroken = false;
  #underway: Promise<pg.QueryResult>[] = [];

  constructor(lines: Lines, names: StatementNames) {
    this.#lines = lines;
    this.#names = names;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { manner, explain } = travelOf(query);
    if (this.#client === undefined) return toResult(await this.#askAlone(query, manner === 'quick'));
    if (manner !== 'unawaited') return toResult(await this.#ask(this.#client, this.#configOf(query)));
    const answer = this.#send(this.#client, this.#configOf(query), explain);
    answerLater(
      query,
      answer.then(({ rows }) => rows),
    );
    return { rows: [] };
  }

  async #askAlone(query: CompiledQuery, isQuick: boolean): Promise<pg.QueryResult> {
    const line = isQuick ? this.#lines.pipes : this.#lines.pool;
    try {
      return await line.query(this.#configOf(query));
    } catch (error) {
      if (!this.#wasOutdated(error)) throw error;
      return line.query(this.#configOf(query));
    }
  }

  streamQuery(): AsyncIterableIterator<never> {
    throw new TypeError('no statement of the server is streamed');
  }

  async begin({ isolationLevel, accessMode }: TransactionSettings): Promise<void> {
    this.#client = await this.#lines.pool.connect();
    const level = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`;
    void this.#send(this.#client, {
      text: `begin${level}${accessMode === undefined ? '' : ` ${accessMode}`}`,
    });
  }

  async commit(): Promise<void> {
    const { command } = await this.#ask(this.#inTransaction(), { text: 'commit' });
    // So PostgreSQL ends a transaction in which a statement has failed.
    if (command === 'ROLLBACK') throw new AbortedTransactionError();
  }

  async rollback(): Promise<void> {
    await Promise.allSettled(this.#underway.splice(0));
    try {
      await this.#inTransaction().query('rollback');
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  release(): void {
    this.#client?.release(this.#isBroken);
    this.#client = undefined;
  }

  #inTransaction(): pg.PoolClient {
    if (this.#client === undefined) throw new TypeError('there is no transaction');
    return this.#client;
  }

  #configOf({ sql, parameters }: CompiledQuery): pg.QueryConfig {
    // Without parameters it may be several statements, which cannot be prepared.
    const name = parameters.length === 0 ? undefined : this.#names.nameOf(sql);
    return { text: sql, values: parameters as unknown[], ...(name === undefined ? {} : { name }) };
  }

  #send(client: pg.PoolClient, config: pg.QueryConfig, explain: Explain = asIs): Promise<pg.QueryResult> {
    holdWrites(client);
    const answer = client.query(config).catch((error: unknown) => {
      this.#wasOutdated(error);
      throw toldLater(explain(error));
    });
    // Told by the next statement that is awaited.
    answer.catch(() => {});
    this.#underway.push(answer);
    return answer;
  }

  /** Whatever failed first is the reason why the rest did. */
  async #ask(client: pg.PoolClient, config: pg.QueryConfig): Promise<pg.QueryResult> {
    const answer = client.query(config);
    answer.catch((error: unknown) => this.#wasOutdated(error));
    for (const earlier of this.#underway.splice(0)) await earlier;
    return answer;
  }

  /** True if what was prepared does not fit any more; from now on everything is prepared anew. */
  #wasOutdated(error: unknown): boolean {
    const isOutdated = isPlanOutdated(error);
    if (isOutdated) this.#names.renew();
    return isOutdated;
  }
}

function asIs(error: unknown): Error {
  return error as Error;
}

const COUNTED: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

function toResult<Row>({ command, rowCount, rows }: pg.QueryResult): QueryResult<Row> {
  return COUNTED.has(command) ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows };
}

/** Under which name a statement is prepared, on every connection the same. */
interface StatementNames {
  /** Undefined for a statement that is not prepared. */
  nameOf(text: string): string | undefined;
  /** Prepares every statement anew: what a migration changed, an older plan does not fit. */
  renew(): void;
}

/** More than the server has; those beyond are lists of varying length, and are not worth a plan each. */
const MAX_NAMES = 400;

function makeStatementNames(): StatementNames {
  const names = new Map<string, string>();
  let generation = 0;
  return {
    nameOf(text) {
      const known = names.get(text);
      if (known !== undefined || names.size >= MAX_NAMES) return known;
      const name = `zkvault_${generation}_${names.size}`;
      names.set(text, name);
      return name;
    },
    renew() {
      generation += 1;
      names.clear();
    },
  };
}
