import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  makeDevice,
  PASSWORD,
  type ProxyUnderTest,
  registerAda,
  type ServerUnderTest,
  startProxy,
  startServer,
} from './harness.ts';

let server: ServerUnderTest;
let proxy: ProxyUnderTest;
let secretKey = '';

beforeAll(async () => {
  server = await startServer();
  proxy = await startProxy(server.url);
  const first = await registerAda(proxy.url);
  ({ secretKey } = first);
  for (const title of ['One', 'Two', 'Three'])
    await first.device.run(['add', 'login', '--title', title, '--username', 'ada', '--generate']);
  await first.device.remove();
}, 120_000);
afterAll(async () => {
  await proxy.stop();
  await server.stop();
});

describe('a lying server', () => {
  const changeEntries = (change: (entries: { ciphertext: string }[]) => unknown[]) => {
    proxy.setLie((path, answer) =>
      path.includes('/changes') && (answer['entries'] as unknown[]).length > 0
        ? { ...answer, entries: change(answer['entries'] as { ciphertext: string }[]) }
        : answer,
    );
  };
  const flipLetter = (text: string): string => {
    const at = text.length - 10;
    return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
  };

  it.for([
    [
      'changes one letter of one entry',
      ([first, ...rest]: { ciphertext: string }[]) => [
        { ...first, ciphertext: flipLetter(first?.ciphertext ?? '') },
        ...rest,
      ],
    ],
    ['leaves one entry out', (entries: { ciphertext: string }[]) => entries.slice(1)],
    ['shows one entry twice', (entries: { ciphertext: string }[]) => [...entries, ...entries.slice(0, 1)]],
  ] as const)('that %s gets exit 8 and nothing is shown', async ([, lie]) => {
    const second = await makeDevice(proxy.url);
    await second.run(['login', 'ada', '--password-stdin'], `${PASSWORD}\n${secretKey}\n`);

    changeEntries((entries) => lie(entries));
    const runs = [
      await second.run(['list']),
      await second.run(['list', '--json']),
      await second.run(['sync']),
    ];
    proxy.setLie(undefined);

    for (const run of runs) expect(run).toMatchObject({ code: 8, stdout: '' });
    expect(runs[0]?.stderr).toMatch(/^zkvault: [^\n]+\n$/);
    expect(await second.run(['list'])).toMatchObject({ code: 0 });
    await second.remove();
  });
});

describe('a second device', () => {
  it('needs the Secret Key, and then shows what the first saved', async () => {
    const second = await makeDevice(proxy.url);

    expect(await second.run(['login', 'ada', '--password-stdin'], PASSWORD)).toMatchObject({ code: 1 });
    expect(
      await second.run(['login', 'ada', '--password-stdin'], `${PASSWORD}\nZK1-NONSENSE\n`),
    ).toMatchObject({ code: 2 });
    expect(
      await second.run(['login', 'ada', '--password-stdin'], `${PASSWORD}\n${secretKey.toLowerCase()}\n`),
    ).toMatchObject({ code: 0 });

    expect((await second.run(['get', 'One', '--field', 'username'])).stdout).toBe('ada\n');
    expect(JSON.parse((await second.run(['status', '--json'])).stdout)).toMatchObject({
      state: 'unlocked',
      login: 'ada',
    });
    expect(await second.run(['logout'])).toMatchObject({ code: 0 });
    expect(await second.run(['list'])).toMatchObject({ code: 3 });
    await second.remove();
  });
});
