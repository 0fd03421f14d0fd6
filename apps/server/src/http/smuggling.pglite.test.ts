/**
 * Request smuggling: a request with a length and a spelling of chunked that some proxies take and others do not, and a
 * second request hidden where one of the two readings ends. Whatever the server makes of the first, it must not see
 * the second. And what other parsers' authors have collected must not stop it.
 */
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExternalFolder } from '../../test/external.ts';
import { startTestServer, type TestServer } from '../../test/test-server.ts';

let server: TestServer;
let port: number;
beforeAll(async () => {
  server = await startTestServer();
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  port = (server.app.server.address() as AddressInfo).port;
});
afterAll(() => server.close());

/** Sends bytes and reads until the other side closes or falls silent. */
async function send(bytes: Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  let heardAt = performance.now();
  const closed = new AbortController();
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    heardAt = performance.now();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    closed.abort();
  });
  socket.write(bytes);
  while (!closed.signal.aborted && performance.now() - heardAt < (text === '' ? 1_500 : 150)) await sleep(20);
  socket.destroy();
  return text;
}

async function sendAll(requests: readonly Buffer[]): Promise<readonly string[]> {
  const answers: string[] = [];
  for (let at = 0; at < requests.length; at += 64)
    answers.push(...(await Promise.all(requests.slice(at, at + 64).map(send))));
  return answers;
}

const HIDDEN = 'GET /livez?smuggled HTTP/1.1\r\nhost: x\r\n\r\n';

/** Spellings of the header: each byte around its name and its value, and words that are nearly `chunked`. */
function spellings(): readonly Buffer[] {
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
  return [
    ...bytes.map((byte) => `Transfer-Encoding${byte}: chunked`),
    ...bytes.map((byte) => `${byte}Transfer-Encoding: chunked`),
    ...bytes.map((byte) => `Transfer-Encoding:${byte}chunked`),
    ...bytes.map((byte) => `Transfer-Encoding: chunked${byte}`),
    ...[
      'xchunked',
      'chunkedx',
      'chunk',
      'identity',
      '"chunked"',
      'chunked, identity',
      'identity, chunked',
      'cow',
    ].map((value) => `Transfer-Encoding: ${value}`),
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: cow',
    'Transfer-Encoding: cow\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding:\r\n chunked',
    'Transfer-Encoding\r\n : chunked',
    'X: x\nTransfer-Encoding: chunked',
    'X: x\rTransfer-Encoding: chunked',
    'Foo: bar\r\n\rTransfer-Encoding: chunked',
    'TRANSFER_ENCODING: chunked',
  ].map((header) => Buffer.from(header, 'latin1'));
}

function hiding(header: Buffer): Buffer {
  const body = `0\r\n\r\n${HIDDEN}`;
  const head = `POST /api/v1/auth/logout HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  return Buffer.concat([Buffer.from(head), header, Buffer.from(`\r\n\r\n${body}`)]);
}

describe('a request hidden in the body of another', () => {
  it('is never answered, however chunked is spelt', { timeout: 120_000 }, async () => {
    const answers = await sendAll(spellings().map(hiding));

    expect(answers.length).toBeGreaterThan(1_000);
    expect(answers.filter((text) => (text.match(/HTTP\/1\.1 200/g) ?? []).length > 0)).toEqual([]);
    expect(server.logLines.filter((line) => line.includes('"path":"/livez"'))).toEqual([]);
  });

  it('would be seen if it were sent for itself', async () => {
    expect(await send(Buffer.from(HIDDEN))).toMatch(/^HTTP\/1\.1 200/);
    expect(server.logLines.filter((line) => line.includes('"path":"/livez"')).length).toBeGreaterThan(0);
  });
});

const collected = readExternalFolder('http1').get('llhttp-requests.json');

describe.runIf(collected !== undefined)('what the authors of a parser collected', () => {
  const requests = JSON.parse(collected?.toString() ?? '[]') as readonly { readonly raw_b64: string }[];

  it('is answered or refused, and the server goes on', { timeout: 120_000 }, async () => {
    const answers = await sendAll(requests.map(({ raw_b64: raw }) => Buffer.from(raw, 'base64')));

    expect(requests).toHaveLength(162);
    expect(answers.flatMap((text) => text.match(/HTTP\/1\.1 5\d\d/g) ?? [])).toEqual([]);
    expect(await send(Buffer.from(HIDDEN))).toMatch(/^HTTP\/1\.1 200/);
  });
});
