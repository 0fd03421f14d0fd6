/**
 * @file The ceiling of the server benchmarks: bare Fastify, the same JSON, one prepared statement.
 * No authentication, no limits, no validation. Runs as a child process; ends with its parent.
 */
import { Entry } from '@zkvault/contract';
import Fastify from 'fastify';
import pg from 'pg';

const databaseUrl = process.argv[2];
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });

await pool.query(`create table if not exists ceiling_entries (
  vault_id uuid not null, id uuid not null, version int not null, vk_epoch int not null, schema int not null,
  ciphertext text not null, iv text not null, tag text not null, revision bigint not null,
  updated_at timestamptz(3) not null default now(), primary key (vault_id, id))`);

const COLUMNS = `id, version, vk_epoch as "vkEpoch", schema, ciphertext, iv, tag, revision::int, updated_at as "updatedAt"`;
const app = Fastify();

app.get<{ Params: { vaultId: string; id: string } }>(
  '/entries/:vaultId/:id',
  { schema: { response: { 200: Entry } } },
  async (request) => {
    const { rows } = await pool.query({
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

const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ url });
process.on('disconnect', () => process.exit(0));
