/** What somebody between the server and its database can do with a certificate of his own: nothing. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from './connect.ts';

let directory: string;
let impostor: Server;
let heard = '';

/** Makes a certificate for a name, signed by nobody but itself. */
function makeCertificate(name: string): {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly path: string;
} {
  const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
  const options = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1'
    .split(' ')
    .concat(['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', cert]);
  execFileSync('openssl', options, { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert), path: cert };
}

let ours: ReturnType<typeof makeCertificate>;
let his: ReturnType<typeof makeCertificate>;
let shown: Pick<ReturnType<typeof makeCertificate>, 'key' | 'cert'>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'zkvault-tls-'));
  ours = makeCertificate('localhost');
  his = makeCertificate('db.example.com');
  // Takes the request for TLS of PostgreSQL's protocol, and notes what it is told after the handshake.
  impostor = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write('S');
      const secure = new TLSSocket(socket, { isServer: true, ...shown });
      secure.on('error', () => {});
      secure.on('data', (chunk: Buffer) => {
        heard += chunk.toString('latin1');
        secure.end();
      });
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => impostor.once('listening', resolve));
});
afterAll(() => {
  impostor.close();
  rmSync(directory, { recursive: true });
});

/** Tries one query. @returns the code of the error. */
async function attempt(query: string): Promise<string> {
  const { port } = impostor.address() as AddressInfo;
  const { db, close } = connect(
    { kind: 'postgres', url: `postgresql://canary:secret@localhost:${port}/vault?${query}` },
    () => {},
  );
  try {
    await sql`select 1`.execute(db);
    return 'connected';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  } finally {
    await close();
  }
}

describe('a database that shows a certificate', () => {
  it('that nobody has vouched for is told nothing', async () => {
    shown = ours;
    heard = '';

    expect(await attempt('sslmode=verify-full')).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(heard).toBe('');
  });

  it('of another name is told nothing, although its authority is trusted', async () => {
    shown = his;
    heard = '';

    expect(await attempt(`sslmode=verify-full&sslrootcert=${his.path}`)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(heard).toBe('');
  });

  it('of its name under a trusted authority is spoken to', async () => {
    shown = ours;
    heard = '';

    await attempt(`sslmode=verify-full&sslrootcert=${ours.path}`);

    expect(heard).toContain('canary');
  });
});
