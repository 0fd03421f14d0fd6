/**
 * @file The ceiling of the server benchmarks: bare Fastify, the same JSON, one prepared statement,
 * reads pipelined. No authentication, no limits, no validation. Runs as a child process; ends with its parent.
 */
import { randomBytes } from 'node:crypto';
import { Entry } from '@zkvault/contract';
import Fastify from 'fastify';
import pg from 'pg';

const databaseUrl = process.argv[2];
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
const pipe = new pg.Client({ connectionString: databaseUrl, pipeline: true });
await pipe.connect();

await pool.query(`create table if not exists ceiling_entries (
  vault_id uuid not null, id uuid not null, version int not null, vk_epoch int not null, schema int not null,
  ciphertext text not null, iv text not null, tag text not null, revision bigint not null,
  updated_at timestamptz(3) not null default now(), primary key (vault_id, id))`);

await pool.query(
  'create index if not exists ceiling_entries_revision on ceiling_entries (vault_id, revision)',
);
await pool.query(`create table if not exists ceiling_sessions (
  id text primary key, last_used_at timestamptz not null default now())`);
await pool.query(`create table if not exists ceiling_tokens (
  token_hash bytea primary key, session_id text not null, used_at timestamptz,
  expires_at timestamptz not null)`);
const INSERT_TOKEN = `insert into ceiling_tokens (token_hash, session_id, expires_at)
  values ($1, $2, now() + interval '30 days')`;

const COLUMNS = `id, version, vk_epoch as "vkEpoch", schema, ciphertext, iv, tag, revision::int, updated_at as "updatedAt"`;
const app = Fastify();

app.get<{ Params: { vaultId: string; id: string } }>(
  '/entries/:vaultId/:id',
  { schema: { response: { 200: Entry } } },
  async (request) => {
    const { rows } = await pipe.query({
      name: 'read',
      text: `select ${COLUMNS} from ceiling_entries where vault_id = $1 and id = $2`,
      values: [request.params.vaultId, request.params.id],
    });
    return rows[0];
  },
);

interface NewEntry {
  readonly ciphertext: string;
  readonly iv: string;
  readonly tag: string;
}

app.post<{ Params: { vaultId: string }; Body: NewEntry }>(
  '/entries/:vaultId',
  { schema: { response: { 201: Entry } } },
  async (request, reply) => {
    const { ciphertext, iv, tag } = request.body;
    const { rows } = await pool.query({
      name: 'write',
      text: `insert into ceiling_entries (vault_id, id, version, vk_epoch, schema, ciphertext, iv, tag, revision)
             values ($1, gen_random_uuid(), 1, 1, 1, $2, $3, $4, 1) returning ${COLUMNS}`,
      values: [request.params.vaultId, ciphertext, iv, tag],
    });
    return reply.code(201).send(rows[0]);
  },
);

const ENTRY = `json_build_object('id', id, 'version', version, 'vkEpoch', vk_epoch, 'schema', schema,
  'ciphertext', ciphertext, 'iv', iv, 'tag', tag, 'revision', revision, 'updatedAt', updated_at)::text`;

app.post<{ Params: { vaultId: string }; Querystring: { count: string } }>(
  '/fill/:vaultId',
  async (request) => {
    await pool.query(
      `insert into ceiling_entries (vault_id, id, version, vk_epoch, schema, ciphertext, iv, tag, revision)
       select $1, gen_random_uuid(), 1, 1, 1, repeat('A', 407), repeat('A', 16), repeat('A', 22), n
       from generate_series(1, $2) as n`,
      [request.params.vaultId, Number(request.query.count)],
    );
    await pool.query('analyze ceiling_entries');
    return {};
  },
);

app.get<{ Params: { vaultId: string }; Querystring: { since: string; limit: string } }>(
  '/sync/:vaultId',
  async (request, reply) => {
    const { rows } = await pool.query<{ entry: string }>({
      name: 'sync',
      text: `select ${ENTRY} as entry from ceiling_entries
             where vault_id = $1 and revision > $2 order by revision limit $3`,
      values: [request.params.vaultId, Number(request.query.since), Number(request.query.limit)],
    });
    const { raw } = reply.hijack();
    raw.writeHead(200, { 'content-type': 'application/json' });
    raw.end(`{"entries":[${rows.map(({ entry }) => entry).join(',')}]}`);
  },
);

app.post('/tokens', async () => {
  const token = randomBytes(32);
  await pool.query('insert into ceiling_sessions (id) values ($1)', [token.subarray(0, 16).toString('hex')]);
  await pool.query(INSERT_TOKEN, [token, token.subarray(0, 16).toString('hex')]);
  return token.toString('base64url');
});

app.post<{ Body: { refreshToken: string } }>('/refresh', async (request) => {
  const old = Buffer.from(request.body.refreshToken, 'base64url');
  const successor = randomBytes(32);
  const client = await pool.connect();
  try {
    await client.query('begin');
    const { rows } = await client.query<{ session_id: string }>({
      name: 'token',
      text: `select session_id from ceiling_tokens join ceiling_sessions on id = session_id
             where token_hash = $1 and used_at is null for update`,
      values: [old],
    });
    const sessionId = rows[0]!.session_id;
    await client.query({
      name: 'spend',
      text: 'update ceiling_tokens set used_at = now() where token_hash = $1',
      values: [old],
    });
    await client.query({ name: 'keep', text: INSERT_TOKEN, values: [successor, sessionId] });
    await client.query({
      name: 'touch',
      text: 'update ceiling_sessions set last_used_at = now() where id = $1',
      values: [sessionId],
    });
    await client.query('commit');
  } finally {
    client.release();
  }
  return { refreshToken: successor.toString('base64url') };
});

app.get('/ready', async () => {
  await pool.query({ name: 'ready', text: 'select 1' });
  return { status: 'ready' };
});

const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ url });
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
