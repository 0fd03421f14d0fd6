import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DeviceUnderTest,
  makeDevice,
  PASSWORD,
  registerAda,
  type ServerUnderTest,
  startServer,
} from './harness.ts';

const NEW_PASSWORD = 'copper meadow lantern 77 ostrich';

let server: ServerUnderTest;
let laptop: DeviceUnderTest;
let phone: DeviceUnderTest;

beforeAll(async () => {
  server = await startServer();
  ({ device: laptop } = await registerAda(server.url));
  phone = await makeDevice(server.url);
}, 120_000);
afterAll(async () => {
  await laptop.remove();
  await phone.remove();
  await server.stop();
});

describe('what opens the account', () => {
  it('is changed on the command line: recovery key, account key, password and login', async () => {
    const enrolled = await laptop.run(['recovery', 'enrol', '--password-stdin', '--json'], PASSWORD);
    const rotated = await laptop.run(['account', 'rotate-keys', '--password-stdin', '--json'], PASSWORD);
    const added = await laptop.run(['add', 'note', '--title', 'kept', '--secret-stdin'], 'x');
    const changed = await laptop.run(
      ['account', 'change-password', '--password-stdin'],
      `${PASSWORD}\n${NEW_PASSWORD}\n`,
    );
    const renamed = await laptop.run(
      ['account', 'change-login', 'countess', '--password-stdin'],
      NEW_PASSWORD,
    );
    const status = await laptop.run(['recovery', 'status', '--json']);

    expect([enrolled, rotated, added, changed, renamed].map(({ code, stderr }) => [code, stderr])).toEqual(
      Array.from({ length: 5 }, () => [0, expect.any(String)]),
    );
    const first = (JSON.parse(enrolled.stdout) as { recoveryKey: string }).recoveryKey;
    const { recoveryKey } = JSON.parse(rotated.stdout) as { recoveryKey: string };
    expect(recoveryKey).toMatch(/^ZKR1-/);
    expect(recoveryKey).not.toBe(first);
    expect(renamed.stdout).toMatch(/Login {7}countess/);
    expect(JSON.parse(status.stdout)).toEqual({ enrolled: true, keptByServer: true });

    const old = await phone.run(['recover', 'countess', '--password-stdin'], `${first}\n${PASSWORD}\n`);
    const none = await phone.run(['recover', 'countess', '--password-stdin'], `ZKR1-AAAAA\n${PASSWORD}\n`);
    const recovered = await phone.run(
      ['recover', 'countess', '--password-stdin', '--json'],
      `${recoveryKey}\n${PASSWORD}\n`,
    );
    const list = await phone.run(['list', '--json']);
    const elsewhere = await laptop.run(['sync']);

    expect([old.code, none.code]).toEqual([1, 2]);
    expect(recovered.code).toBe(0);
    expect(JSON.parse(recovered.stdout)).toMatchObject({
      recoveryKey: expect.stringMatching(/^ZKR1-/),
      secretKey: expect.stringMatching(/^ZK1-/),
    });
    expect(list.stdout).toContain('kept');
    expect(elsewhere).toMatchObject({ code: 3, stdout: '' });
  });
});
