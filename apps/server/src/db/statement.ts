/**
 * @file Statements of hot paths: written once as text, compiled by nobody, prepared once per connection.
 * Everything else is built with Kysely; both run on the same handles.
 */
import { type CompiledQuery, createQueryId, RawNode, type RootOperationNode } from 'kysely';
import type { Db, Tx } from './schema.ts';

/**
 * How a statement may travel (docs/adr/0031-statements-are-prepared-and-pipelined.md):
 *
 * - `alone`: on a connection that it has for itself.
 * - `quick`: outside a transaction on a connection it shares, behind others; a read of a few rows by their
 *   keys, for whoever comes after it waits for it.
 * - `unawaited`: in a transaction, without waiting for its answer, which has no rows. If it fails, the next
 *   statement that is awaited fails with its error, or the commit does.
 */
export type Manner = 'alone' | 'quick' | 'unawaited';

/** What makes an error of the driver one that says more. */
export type Explain = (cause: unknown) => Error;

/** How a statement travels, and how its failure is told. */
export interface Travel {
  readonly manner: Manner;
  readonly explain: Explain | undefined;
}

const told = new WeakSet<Error>();

/** Marks the error of a statement that was not awaited: whichever statement tells it adds nothing of its own. */
export function toldLater(error: Error): Error {
  told.add(error);
  return error;
}

const ALONE: Travel = { manner: 'alone', explain: undefined };
const travels = new WeakMap<RootOperationNode, Travel>();

/** How a compiled statement may travel. */
export function travelOf({ query }: Pick<CompiledQuery, 'query'>): Travel {
  return travels.get(query) ?? ALONE;
}

const answers = new WeakMap<CompiledQuery, Promise<unknown[]>>();

/** Keeps the rows that a statement which was not awaited will have. */
export function answerLater(query: CompiledQuery, rows: Promise<unknown[]>): void {
  // Whoever wants them hears of the error; so does whoever awaits the next statement.
  rows.catch(() => {});
  answers.set(query, rows);
}

/** Runs a statement with its parameters. @returns its rows. */
export type Statement<Row> = (db: Db, parameters: readonly unknown[]) => Promise<Row[]>;

/**
 * Makes a statement.
 *
 * @param text SQL with `$1`, `$2` … for the parameters; never put together from data.
 * @param explain puts an error of this statement into other words, and none of an earlier one.
 */
export function statement<Row = never>(
  text: string,
  manner: Manner = 'alone',
  explain?: Explain,
): Statement<Row> {
  const query = RawNode.createWithSql(text);
  travels.set(query, { manner, explain });
  const queryId = createQueryId();
  return async (db, parameters) => {
    try {
      const { rows } = await db.executeQuery<Row>({ sql: text, query, parameters, queryId });
      return rows;
    } catch (error) {
      throw explain === undefined || told.has(error as Error) ? error : explain(error);
    }
  };
}

/** Sends a statement with its parameters. @returns gives its rows; they are there once a later statement's are. */
export type DeferredStatement<Row> = (
  tx: Tx,
  parameters: readonly unknown[],
) => Promise<() => Promise<Row[]>>;

/**
 * Makes a statement that is not awaited although it has rows: what depends on them must wait for the next
 * statement anyway, and both travel together.
 *
 * @param text as in {@link statement}.
 */
export function deferredStatement<Row>(text: string): DeferredStatement<Row> {
  const query = RawNode.createWithSql(text);
  travels.set(query, { manner: 'unawaited', explain: undefined });
  const queryId = createQueryId();
  return async (tx, parameters) => {
    const compiled = { sql: text, query, parameters, queryId };
    const { rows } = await tx.executeQuery<Row>(compiled);
    const later = (answers.get(compiled) as Promise<Row[]> | undefined) ?? Promise.resolve(rows);
    return () => later;
  };
}
