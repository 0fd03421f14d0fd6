/** @file The nginx of deploy/nginx before a server, as a process on free ports with a certificate of its own. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findProgram, type Program } from '../../../../test/debian-program.ts';

const run = promisify(execFile);
const CONFIGURATION = fileURLToPath(new URL('../../../../deploy/nginx/nginx.conf', import.meta.url));

/** The name in deploy/nginx/nginx.conf. */
export const HOST = 'vault.example.com';

/** Programs that these tests need; undefined if one is missing and cannot be fetched. */
export async function findNginx(): Promise<
  { readonly nginx: Program; readonly openssl: Program } | undefined
> {
  const nginx = await findProgram({
    names: ['nginx'],
    probe: ['-v'],
    packages: ['nginx', 'libpcre2-8-0', 'libssl3', 'zlib1g', 'libcrypt1'],
    path: 'usr/sbin/nginx',
  });
  const openssl = await findProgram({
    names: ['openssl'],
    probe: ['version'],
    packages: ['openssl', 'libssl3'],
    path: 'usr/bin/openssl',
  });
  return nginx === undefined || openssl === undefined ? undefined : { nginx, openssl };
}

/** A running nginx. */
export interface NginxProcess {
  readonly httpPort: number;
  readonly httpsPort: number;
  /** What `nginx -t` and nginx itself said. */
  output(): string;
  accessLog(): Promise<string>;
  stop(): Promise<void>;
}

/** Checks the configuration and starts nginx before a server. @param serverPort on 127.0.0.1. */
export async function startNginx(
  { nginx, openssl }: { readonly nginx: Program; readonly openssl: Program },
  serverPort: string,
): Promise<NginxProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'zkv-nginx-'));
  const [httpPort, httpsPort] = [await freePort(), await freePort()];
  await makeCertificate(openssl, directory);
  const file = join(directory, 'nginx.conf');
  await writeFile(
    file,
    adapt(await readFile(CONFIGURATION, 'utf8'), { directory, httpPort, httpsPort, serverPort }),
  );
  const checked = await run(nginx.path, ['-t', '-p', directory, '-c', file], { env: nginx.env });
  // Its workers would otherwise be somebody who may not enter the directory.
  const asRoot = process.getuid?.() === 0 ? 'user root;' : '';
  const child = spawn(nginx.path, ['-p', directory, '-c', file, '-g', `daemon off; ${asRoot}`], {
    env: nginx.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = checked.stderr;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  await untilListening(
    httpsPort,
    () => child.exitCode,
    () => output,
  );
  return {
    httpPort,
    httpsPort,
    output: () => output,
    accessLog: () => readFile(join(directory, 'access.log'), 'utf8'),
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The shipped file with other ports and places, and nothing else. */
function adapt(
  text: string,
  to: {
    readonly directory: string;
    readonly httpPort: number;
    readonly httpsPort: number;
    readonly serverPort: string;
  },
): string {
  const changes: readonly (readonly [string, string])[] = [
    ['/tmp/', `${to.directory}/`],
    ['server server:4000;', `server 127.0.0.1:${to.serverPort};`],
    ['listen 8080', `listen 127.0.0.1:${to.httpPort}`],
    ['listen 8443', `listen 127.0.0.1:${to.httpsPort}`],
    ['/etc/nginx/tls', to.directory],
    ['/dev/stdout', `${to.directory}/access.log`],
    ['worker_processes auto;', 'worker_processes 1;'],
  ];
  return changes.reduce((changed, [from, into]) => {
    if (!changed.includes(from)) throw new Error(`deploy/nginx/nginx.conf has no ${from}`);
    return changed.replaceAll(from, into);
  }, text);
}

async function makeCertificate({ path, env }: Program, directory: string): Promise<void> {
  const words = [
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2',
    `-subj /CN=${HOST} -addext subjectAltName=DNS:${HOST}`,
    `-keyout ${join(directory, 'privkey.pem')} -out ${join(directory, 'fullchain.pem')}`,
  ].flatMap((line) => line.split(' '));
  await run(path, words, { env: { ...env, OPENSSL_CONF: env['OPENSSL_CONF'] ?? '/etc/ssl/openssl.cnf' } });
}

async function untilListening(
  port: number,
  exitCode: () => number | null,
  output: () => string,
): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (exitCode() !== null) break;
    if (await greets(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nginx did not start:\n${output()}`);
}

function greets(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ port, host: '127.0.0.1', servername: HOST, rejectUnauthorized: false }, () => {
      socket.destroy();
      settle(true);
    });
    socket.once('error', () => settle(false));
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
