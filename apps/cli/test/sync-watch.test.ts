import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeviceUnderTest, PASSWORD, registerAda, type ServerUnderTest, startServer } from './harness.ts';

let server: ServerUnderTest;
let device: DeviceUnderTest;
beforeAll(async () => {
  server = await startServer();
  ({ device } = await registerAda(server.url));
}, 300_000);
afterAll(async () => {
  await device.remove();
  await server.stop();
}, 60_000);

it('prints one line for what there is and one for each change, until Ctrl-C', async () => {
  const watch = device.start(['sync', '--watch', '--json', '--password-stdin']);
  watch.stdin?.end(`${PASSWORD}\n`);
  const lines = createInterface({ input: watch.stdout! })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => JSON.parse((await lines.next()).value as string);
  const ended = once(watch, 'exit');

  const first = await next();
  const added = await device.run(['add', 'note', '--title', 'told', '--secret-stdin'], 'a note');
  const second = await next();
  watch.kill('SIGINT');

  expect(added.stderr).toBe('');
  expect(first).toMatchObject({ added: 0, seq: 0 });
  expect(second).toMatchObject({ added: 1, changed: 0, deleted: 0, seq: 1, freshness: 'pinned' });
  expect(await ended).toEqual([0, null]);
}, 120_000);
