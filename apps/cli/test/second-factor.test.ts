import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DeviceUnderTest,
  makeDevice,
  PASSWORD,
  type Run,
  registerAda,
  type ServerUnderTest,
  startServer,
} from './harness.ts';

const STEP_MS = 30_000;

let server: ServerUnderTest;
let laptop: DeviceUnderTest;
let phone: DeviceUnderTest;
let secretKey: string;

beforeAll(async () => {
  server = await startServer();
  ({ device: laptop, secretKey } = await registerAda(server.url));
  phone = await makeDevice(server.url);
}, 120_000);
afterAll(async () => {
  await laptop.remove();
  await phone.remove();
  await server.stop();
});

/** The authenticator app, written anew: RFC 6238 over the base32 that the program shows. */
function totpOf(secret: string, step: number): string {
  const bits = [...secret]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  const seed = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', seed).update(counter).digest();
  const number = mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** A step with time enough for a run of the program. */
async function presentStep(): Promise<number> {
  const leftMs = STEP_MS - (Date.now() % STEP_MS);
  if (leftMs < 10_000) await new Promise((resolve) => setTimeout(resolve, leftMs + 100));
  return Math.floor(Date.now() / STEP_MS);
}

function setUp(): Promise<Run> {
  return laptop.run(['2fa', 'setup', '--password-stdin', '--json'], PASSWORD);
}

function verify(totp: string): Promise<Run> {
  return laptop.run(
    ['2fa', 'verify', '--password-stdin', '--totp-stdin', '--json'],
    `${PASSWORD}\n${totp}\n`,
  );
}

function logIn(device: DeviceUnderTest, lines: readonly string[]): Promise<Run> {
  return device.run(
    ['login', 'ada', '--password-stdin', '--totp-stdin'],
    `${[PASSWORD, ...lines].join('\n')}\n`,
  );
}

describe('a second factor', () => {
  let recoveryCodes: readonly string[] = [];

  it('is set up for an authenticator app and confirmed', async () => {
    const setup = await setUp();
    const { secret, otpauthUrl } = JSON.parse(setup.stdout) as { secret: string; otpauthUrl: string };
    const wrong = await verify('12345');
    const verified = await verify(totpOf(secret, await presentStep()));

    expect([setup.code, wrong.code, verified.code]).toEqual([0, 2, 0]);
    expect(otpauthUrl).toContain(`otpauth://totp/zkvault:ada?secret=${secret}`);
    ({ recoveryCodes } = JSON.parse(verified.stdout) as { recoveryCodes: string[] });
    expect(recoveryCodes).toHaveLength(10);
    expect(setup.stderr + verified.stderr).toBe('');
  });

  it('is asked for at the next login, which without it is exit 1 and says what to do', async () => {
    const run = await phone.run(['login', 'ada', '--password-stdin'], `${PASSWORD}\n${secretKey}\n`);

    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain('--totp-stdin');
  });

  it('is taken after the Secret Key on a new device, and as line 2 on a known one', async () => {
    const [first = '', second = ''] = recoveryCodes;

    expect(await logIn(phone, [secretKey, first])).toMatchObject({ code: 0 });
    expect(await logIn(laptop, [second.toLowerCase()])).toMatchObject({ code: 0 });
    expect(await laptop.run(['list'])).toMatchObject({ code: 0 });
  });

  it('is right once', async () => {
    const run = await logIn(laptop, [recoveryCodes[0] ?? '']);

    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain('second factor is wrong');
  });

  it('that is none is exit 2 before anything is sent', async () => {
    expect(await logIn(laptop, ['what?'])).toMatchObject({ code: 2, stdout: '' });
  });

  it('is not set up twice, which is exit 6', async () => {
    const run = await setUp();

    expect(run).toMatchObject({ code: 6, stdout: '' });
    expect(run.stderr).toContain('zkvault 2fa disable');
  });

  it('has other recovery codes when they are renewed', async () => {
    const run = await laptop.run(['2fa', 'recovery-codes', '--password-stdin'], PASSWORD);

    const codes = run.stdout.trim().split('\n');
    expect(run.code).toBe(0);
    expect(codes).toHaveLength(10);
    expect(codes.filter((code) => recoveryCodes.includes(code))).toEqual([]);
    expect(await logIn(laptop, [codes[3] ?? ''])).toMatchObject({ code: 0 });
  });

  it('is not changed with another password, of which the server hears nothing', async () => {
    const run = await laptop.run(['2fa', 'disable', '--password-stdin'], 'another password than that');

    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('password is wrong') as string });
  });

  it('can be done without again', async () => {
    const disabled = await laptop.run(['2fa', 'disable', '--password-stdin'], PASSWORD);
    const loggedIn = await laptop.run(['login', 'ada', '--password-stdin'], PASSWORD);

    expect([disabled.code, loggedIn.code]).toEqual([0, 0]);
  });
});
