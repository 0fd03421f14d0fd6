/**
 * @file What the source that is shipped must not say. Each rule brings a line that breaks it, which
 * `check-source.ts` looks at first.
 */

/** A rule, where it does not hold and why, and a line that it must find. */
export interface Ban {
  readonly name: string;
  /** Which files it looks at, as the beginning of a path. */
  readonly below: string;
  readonly pattern: RegExp;
  /** Beginnings of paths where it is right. */
  readonly except: Readonly<Record<string, string>>;
  readonly planted: string;
}

const SERVER = 'apps/server/src/';

/** Every rule. */
export const bans: readonly Ban[] = [
  {
    name: 'no-raw-sql',
    below: SERVER,
    pattern: /\bsql\.(?:raw|lit)\b/,
    except: {
      'apps/server/src/db/migrations/': 'constants of the schema',
      'apps/server/src/db/backup/': 'names and types of the database’s own catalogue',
    },
    planted: 'sql.raw(`select ${text}`)',
  },
  {
    name: 'no-code-from-text',
    below: '',
    pattern: /(?<![.\w])eval\(|\bnew Function\b|\bsetTimeout\(['"`]/,
    except: {},
    planted: 'eval(text)',
  },
  {
    name: 'no-guessable-randomness',
    below: SERVER,
    pattern: /\bMath\.random\b|\bpseudoRandomBytes\b/,
    except: { 'apps/server/src/db/change-source.ts': 'the wait before a connection is tried again' },
    planted: 'const token = Math.random()',
  },
  {
    name: 'no-requests-of-its-own',
    below: SERVER,
    pattern: /\bfetch\(|\bhttp\.(?:get|request)\b|\bnew WebSocket\b/,
    except: {
      'apps/server/src/lib/key-provider/provider-call.ts': 'the operator’s key service, at the start',
    },
    planted: 'await fetch(request.body.url)',
  },
  {
    name: 'no-handwritten-json',
    below: SERVER,
    pattern: /\.send\(\s?[`'"][{[]/,
    except: {},
    planted: 'reply.send(`{"login":"${login}"}`)',
  },
  {
    name: 'no-early-comparison-of-secrets',
    below: SERVER,
    pattern:
      /\b(?:mac|tag|digest|signature|secretHash|tokenHash|authKey)\b(?:\.\w+\([^)]{0,40}\))? ?[!=]== ?(?!undefined|null)\w/i,
    except: {
      'apps/server/src/lib/backup/records.ts': 'checksums of a backup whose seal was checked before',
    },
    planted: 'if (tokenHash === row.token_hash) return row;',
  },
  {
    name: 'no-inspector',
    below: '',
    pattern: /\bdebugger;/,
    except: {},
    planted: 'debugger;',
  },
];
