/** @file `audit verify`: says whether the audit log is as it was written, and if not, where it begins not to be. */
import { readFileSync } from 'node:fs';
import { loadConfig } from '../config.ts';
import { type AuditFault, type NotedHead, verifyAudit } from '../features/audit/verify-service.ts';
import { keyRingOf } from '../server-secrets.ts';
import { type CommandContext, withDatabase } from './command.ts';

/** How to verify. */
export interface AuditVerifyOptions {
  readonly json: boolean;
  /** What an earlier `audit verify --json` has printed. */
  readonly notedFile: string | undefined;
}

/** Verifies the log. @returns 0 if it is whole, otherwise 1. */
export async function verifyAuditLog(
  { env, out, err }: CommandContext,
  { json, notedFile }: AuditVerifyOptions,
): Promise<number> {
  const config = loadConfig(env);
  const noted = notedFile === undefined ? [] : readNoted(notedFile);
  const keyRing = await keyRingOf(config);
  const verdict = await withDatabase(config, (db) =>
    verifyAudit(db, keyRing, { noted, onProgress: (rows) => err(`${rows} rows\n`) }),
  );
  const { rows, faults } = verdict;
  if (json) out(`${JSON.stringify({ ok: faults.length === 0, ...verdict }, null, 2)}\n`);
  else if (faults.length === 0) out(`The audit log is whole: ${rows} rows.\n`);
  else out(`The audit log is not as it was written.\n${faults.map(lineOf).join('')}`);
  return faults.length === 0 ? 0 : 1;
}

function lineOf({ chain, seq, what }: AuditFault): string {
  return `  chain ${chain}, row ${seq}: ${what.replaceAll('-', ' ')}\n`;
}

/** @throws {RangeError} the file is not what this command prints. */
function readNoted(file: string): readonly NotedHead[] {
  const document: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const heads = (document as { readonly heads?: unknown } | null)?.heads;
  if (!Array.isArray(heads) || !heads.every(isNotedHead))
    throw new RangeError(`${file} is not what audit verify --json prints`);
  return heads;
}

function isNotedHead(value: unknown): value is NotedHead {
  if (typeof value !== 'object' || value === null) return false;
  const { chain, seq, hash } = value as Partial<Record<keyof NotedHead, unknown>>;
  return Number.isInteger(chain) && Number.isInteger(seq) && typeof hash === 'string';
}
