/**
 * @file The agent: a background process that holds the unlock key in its memory and nowhere else.
 *
 * It is started with the address to listen on and its timeout as arguments, gets the key on standard input,
 * says `ready` on standard output, and ends after the timeout without a question for the key, when it is
 * told to, or on a signal.
 */
import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { type AgentAnswer, type AgentRequest, MAX_LINE_LENGTH } from './agent-protocol.ts';

/** A connection that says nothing for so long is ended. */
const SILENCE_MS = 5_000;

/** Makes every socket mode 0600 from the moment it exists. */
process.umask(0o177);

const [address = '', timeoutText = ''] = process.argv.slice(2);
const timeoutMs = Number(timeoutText);
const key = await readKey();
const server = createServer(answer);
let timer: NodeJS.Timeout | undefined;
let endsAt = 0;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => end());
await listen(server);
stayAwake();
process.stdout.write('ready\n');

async function readKey(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const whole = Buffer.concat(chunks);
  for (const chunk of chunks) chunk.fill(0);
  return whole;
}

async function listen(listener: Server): Promise<void> {
  // A socket file that a killed agent left behind would make listening fail. The caller has checked that
  // nobody answers on it.
  if (process.platform !== 'win32') await rm(address, { force: true });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(address, resolve);
  });
}

function stayAwake(): void {
  clearTimeout(timer);
  endsAt = Date.now() + timeoutMs;
  timer = setTimeout(end, timeoutMs);
}

function end(): void {
  key.fill(0);
  // Closing also removes the socket file.
  server.close(() => process.exit(0));
  server.unref();
  setTimeout(() => process.exit(0), 500).unref();
}

function answer(socket: Socket): void {
  socket.setTimeout(SILENCE_MS, () => socket.destroy());
  socket.setEncoding('utf8');
  // A caller that goes away early is not our concern.
  socket.on('error', () => socket.destroy());
  let received = '';
  socket.on('data', (text: string) => {
    received += text;
    if (received.length > MAX_LINE_LENGTH) socket.destroy();
    const lineEnd = received.indexOf('\n');
    if (lineEnd === -1) return;
    socket.removeAllListeners('data');
    respond(socket, received.slice(0, lineEnd));
  });
}

function respond(socket: Socket, line: string): void {
  const op = readOperation(line);
  // A timer stands still while the machine sleeps; the clock does not.
  if (Date.now() >= endsAt) {
    socket.destroy();
    end();
    return;
  }
  if (op === 'key') stayAwake();
  const endsInMs = Math.max(0, endsAt - Date.now());
  const answers: Record<AgentRequest['op'], () => AgentAnswer> = {
    key: () => ({ key: key.toString('base64'), endsInMs }),
    peek: () => ({ key: key.toString('base64'), endsInMs }),
    status: () => ({ endsInMs }),
    end: () => ({ ended: true }),
  };
  if (op === undefined) socket.destroy();
  else socket.end(`${JSON.stringify(answers[op]())}\n`, op === 'end' ? end : undefined);
}

function readOperation(line: string): AgentRequest['op'] | undefined {
  try {
    const request = JSON.parse(line) as { op?: unknown } | null;
    const op = request?.op;
    return op === 'key' || op === 'peek' || op === 'status' || op === 'end' ? op : undefined;
  } catch {
    return undefined;
  }
}
