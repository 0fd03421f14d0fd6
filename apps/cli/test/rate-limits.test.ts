import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBitwardenExport } from '../../../packages/sdk/test/bitwarden-export.ts';
import {
  type DeviceUnderTest,
  makeDevice,
  PASSWORD,
  registerAda,
  type ServerUnderTest,
  startServer,
} from './harness.ts';

/** An empty value counts as absent, so these are the limits that a server has by itself. */
const DEFAULT_LIMITS = {
  RATE_LIMIT_PER_MINUTE: '',
  SESSION_RATE_LIMIT: '',
  API_KEY_RATE_LIMIT: '',
  LOGIN_RATE_LIMIT: '',
  REGISTER_RATE_LIMIT: '',
  REFRESH_RATE_LIMIT: '',
};

let server: ServerUnderTest;
let device: DeviceUnderTest;

beforeAll(async () => {
  server = await startServer(DEFAULT_LIMITS);
  ({ device } = await registerAda(server.url));
}, 120_000);
afterAll(async () => {
  await device.remove();
  await server.stop();
});

describe('the default rate limits', () => {
  it('let 10,000 entries be imported', async () => {
    const file = join(device.home, 'export.json');
    await writeFile(file, JSON.stringify(makeBitwardenExport(10_000)));

    const imported = await device.run(['import', file, '--format', 'bitwarden-json', '--json']);

    expect(imported).toMatchObject({ code: 0 });
    expect(JSON.parse(imported.stdout)).toMatchObject({ saved: 10_000 });
  }, 120_000);

  it('refuse the logins of a guesser, who is told when to try again', async () => {
    const guesser = await makeDevice(server.url);

    let last = await guesser.run(['login', 'ada', '--password-stdin'], `${PASSWORD} wrong`);
    for (let tries = 1; tries < 7 && last.code !== 7; tries += 1)
      last = await guesser.run(['login', 'ada', '--password-stdin'], `${PASSWORD} wrong`);
    await guesser.remove();

    expect(last).toMatchObject({
      code: 7,
      stdout: '',
      stderr: expect.stringMatching(/^zkvault: the server asks to wait; try again in \d+ s\n$/) as string,
    });
  }, 120_000);
});
