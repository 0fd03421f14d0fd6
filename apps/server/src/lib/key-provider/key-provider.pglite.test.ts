/**
 * The services that wrap the server's ring, honest and hostile. What they answer is not trusted, and neither
 * they nor the way to them get a secret into an error.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type FakeService,
  fakeKeyVault,
  fakeKms,
  fakeVault,
  type Misbehaviour,
} from '../../../test/fake-key-services.ts';
import { runCommandLine } from '../../command-line.ts';
import { loadConfig } from '../../config.ts';
import { keyRingOf } from '../../server-secrets.ts';
import { ConfigError } from '../environment.ts';
import { makeAwsKms } from './aws-kms.ts';
import { makeAzureKeyVault } from './azure-key-vault.ts';
import { type KeyProvider, KeyProviderError } from './key-provider.ts';
import { makeVaultTransit } from './vault-transit.ts';
import { unwrapRing, WrappedRingError, wrapRing } from './wrapped-ring.ts';

const CANARY = 'canary-Qx7mVt2Wp9';
const KEY = 'kWQ0vQ5m3y6pO7xJ2cB9nL4tR8sU1eZaFhGiDjVwXqM';
const ring = [{ id: 'k1', secret: new Uint8Array(Buffer.from(KEY, 'base64url')) }];
const TIMEOUT_MS = 400;

interface Stage {
  readonly service: FakeService;
  readonly env: Readonly<Record<string, string>>;
  /** The variable that is the credential. */
  readonly secretName: string;
  make(change?: {
    readonly secret?: string;
    readonly url?: string;
    readonly timeoutMs?: number;
  }): KeyProvider;
}

const stages: Record<string, Stage> = {};
beforeAll(async () => {
  const vault = await fakeVault({ token: CANARY, key: 'ring' });
  stages['vault-transit'] = {
    service: vault,
    env: { VAULT_ADDR: vault.url, VAULT_TOKEN: CANARY, VAULT_TRANSIT_KEY: 'ring' },
    secretName: 'VAULT_TOKEN',
    make: ({ secret = CANARY, url = vault.url, ...rest } = {}) =>
      makeVaultTransit({
        kind: 'vault-transit',
        address: url,
        token: secret,
        namespace: undefined,
        mount: 'transit',
        key: 'ring',
        ...rest,
      }),
  };
  const kms = await fakeKms({ secretAccessKey: CANARY, keyId: 'alias/ring' });
  stages['aws-kms'] = {
    service: kms,
    env: {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: CANARY,
      AWS_KMS_KEY_ID: 'alias/ring',
      AWS_ENDPOINT_URL_KMS: kms.url,
    },
    secretName: 'AWS_SECRET_ACCESS_KEY',
    make: ({ secret = CANARY, url = kms.url, ...rest } = {}) =>
      makeAwsKms({
        kind: 'aws-kms',
        region: 'eu-central-1',
        endpoint: url,
        keyId: 'alias/ring',
        credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: secret, sessionToken: undefined },
        ...rest,
      }),
  };
  const azure = await fakeKeyVault({ clientId: 'an-app', clientSecret: CANARY });
  stages['azure-key-vault'] = {
    service: azure,
    env: {
      AZURE_KEY_VAULT_KEY_URL: `${azure.url}/keys/ring/0a1b2c`,
      AZURE_TENANT_ID: 'a-tenant',
      AZURE_CLIENT_ID: 'an-app',
      AZURE_CLIENT_SECRET: CANARY,
      AZURE_AUTHORITY_HOST: azure.url,
    },
    secretName: 'AZURE_CLIENT_SECRET',
    make: ({ secret = CANARY, url = azure.url, ...rest } = {}) =>
      makeAzureKeyVault({
        kind: 'azure-key-vault',
        keyUrl: `${url}/keys/ring/0a1b2c`,
        tenantId: 'a-tenant',
        clientId: 'an-app',
        clientSecret: secret,
        authority: url,
        ...rest,
      }),
  };
});
afterEach(() => {
  for (const { service } of Object.values(stages)) service.misbehave = undefined;
});
afterAll(() => Promise.all(Object.values(stages).map(({ service }) => service.close())));

function stageOf(name: string): Stage {
  const stage = stages[name];
  if (stage === undefined) throw new RangeError(name);
  return stage;
}

/** The error of a promise that must fail; it and its causes are looked through for the canary. */
async function failure(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason as Error,
  );
  expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(CANARY);
  return error;
}

async function run(args: string, env: Readonly<Record<string, string>>) {
  const text = { out: '', err: '' };
  const code = await runCommandLine(args.split(' ').filter(Boolean), {
    env,
    out: (part) => void (text.out += part),
    err: (part) => void (text.err += part),
  });
  return { code, ...text };
}

const answering =
  (status: number, body: string, headers: Record<string, string> = {}): Misbehaviour =>
  (_request: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

describe.for(['vault-transit', 'aws-kms', 'azure-key-vault'])('%s', (kind) => {
  it('wraps SERVER_KEYS, and a server opens the ring with it at its start', async () => {
    const { env } = stageOf(kind);
    const provider = { SERVER_KEYS_PROVIDER: kind, ...env };

    const wrapped = await run('keys wrap', { ...provider, SERVER_KEYS: `k1:${KEY}` });
    const [, text = ''] = /^SERVER_KEYS_WRAPPED=(\S+)\n$/.exec(wrapped.out) ?? [];
    const opened = await keyRingOf(
      loadConfig({
        ENVIRONMENT: 'production',
        JWT_SECRET: `${KEY}${KEY}`,
        SERVER_KEYS_WRAPPED: text,
        ...provider,
      }),
    );

    expect(wrapped).toMatchObject({ code: 0, err: 'Wrapped: k1\n' });
    expect(text).not.toContain(KEY);
    expect(opened.ids).toEqual(['k1']);
    const plain = await keyRingOf(loadConfig({ SERVER_KEYS: `k1:${KEY}` }));
    expect(opened.newest('pepper')).toEqual(plain.newest('pepper'));
  });

  it('begins, extends and shortens a ring that nobody has ever seen', async () => {
    const { env } = stageOf(kind);
    const wrap = async (args: string, present: string) => {
      const result = await run(`keys wrap ${args}`, {
        SERVER_KEYS_PROVIDER: kind,
        ...env,
        SERVER_KEYS_WRAPPED: present,
      });
      return { ...result, text: result.out.replace('SERVER_KEYS_WRAPPED=', '').trim() };
    };

    const none = await wrap('', '');
    const first = await wrap('--add', '');
    const second = await wrap('--add', first.text);
    const ids = (await unwrapRing(stageOf(kind).make(), second.text)).map(({ id }) => id);
    const shorter = await wrap(`--remove ${ids[1]}`, second.text);
    const unknown = await wrap('--remove nobody', second.text);

    expect(none).toMatchObject({ code: 1, out: '' });
    expect(new Set(ids).size).toBe(2);
    expect((await unwrapRing(stageOf(kind).make(), shorter.text)).map(({ id }) => id)).toEqual([ids[0]]);
    expect(unknown).toMatchObject({ code: 1, out: '', err: 'The ring has no key nobody.\n' });
  });

  it('is told that its credentials are refused', async () => {
    const provider = stageOf(kind).make({ secret: `${CANARY}-wrong` });

    expect(await failure(provider.wrap(new Uint8Array(32)))).toMatchObject({ fault: 'refused' });
  });

  it('does not open what another key wrapped, nor what was altered', async () => {
    const provider = stageOf(kind).make();
    const wrapped = await provider.wrap(new Uint8Array(32).fill(3));
    const altered = Uint8Array.from(wrapped);
    const at = altered.length - 8;
    altered[at] = (altered[at] ?? 0) === 65 ? 66 : 65;

    expect(await provider.unwrap(wrapped)).toEqual(new Uint8Array(32).fill(3));
    expect(await failure(provider.unwrap(altered))).toMatchObject({ fault: 'wrong-key' });
  });

  it.for([
    ['a 403', answering(403, `{"secret":"${CANARY}"}`), 'refused'],
    ['a 404', answering(404, 'not json'), 'not-found'],
    ['a 503', answering(503, '{"sealed":true}'), 'busy'],
    ['a 429', answering(429, '{}'), 'busy'],
    ['a page', answering(200, `<html>${CANARY}`), 'unusable-answer'],
    ['a list', answering(200, '[]'), 'unusable-answer'],
    ['nothing of what was asked for', answering(200, '{"data":null,"value":7}'), 'unusable-answer'],
    [
      'an answer cut off',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '500' }).write('{"data":{"plain');
        setTimeout(() => response.destroy(), 20);
      },
      'unreachable',
    ],
    [
      'an answer without end',
      (_request, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '.repeat(8_192)), 1);
        response.on('close', () => clearInterval(drip));
      },
      'unusable-answer',
    ],
    ['silence', () => {}, 'timed-out'],
    [
      'a drop at a time',
      (_request, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
      'timed-out',
    ],
    ['a closed door', (request) => void request.socket.destroy(), 'unreachable'],
  ] satisfies readonly (readonly [string, Misbehaviour, string])[])(
    'fails in words of our own at %s',
    async ([what, misbehaviour, fault]) => {
      const { service, make } = stageOf(kind);
      service.misbehave = misbehaviour;
      // Only what waits for the end of the wait has a short one.
      const provider = make(fault === 'timed-out' ? { timeoutMs: TIMEOUT_MS } : {});

      const error = await failure(provider.unwrap(new Uint8Array(40).fill(65)));

      expect(error, what).toBeInstanceOf(KeyProviderError);
      expect(error, what).toMatchObject({ fault });
      expect(error.cause).toBeUndefined();
    },
  );

  it('does not follow a redirect: the place that it names is never asked', async () => {
    const { service, make } = stageOf(kind);
    const trap = await fakeVault({ token: CANARY, key: 'ring' });
    service.misbehave = answering(307, '', { location: `${trap.url}/v1/transit/decrypt/ring` });

    const error = await failure(make().unwrap(new Uint8Array(40).fill(65)));
    const { asked } = trap;
    await trap.close();

    expect(error).toMatchObject({ fault: 'unreachable' });
    expect(asked).toEqual([]);
  });

  it('cannot be reached where nobody listens', async () => {
    const provider = stageOf(kind).make({ url: 'http://127.0.0.1:1' });

    expect(await failure(provider.unwrap(new Uint8Array(40)))).toMatchObject({ fault: 'unreachable' });
  });

  it('keeps a server from starting, with a reason and without the secret', async () => {
    const { service, env, make } = stageOf(kind);
    const text = await wrapRing(make(), ring);
    const config = loadConfig({ SERVER_KEYS_PROVIDER: kind, ...env, SERVER_KEYS_WRAPPED: text });
    service.misbehave = answering(403, '{}');

    const error = await failure(keyRingOf(config));

    expect(error.message).toMatch(/ refuses these credentials, or they may not use this key$/);
  });

  it('names each variable that is missing, and none of their values', () => {
    const { env, secretName } = stageOf(kind);
    const problems = (change: Record<string, string>) => {
      try {
        loadConfig({ SERVER_KEYS_PROVIDER: kind, SERVER_KEYS_WRAPPED: WRAPPED, ...env, ...change });
        return [];
      } catch (error) {
        return (error as ConfigError).problems;
      }
    };

    expect(problems({})).toEqual([]);
    expect(problems({ [secretName]: '' })).toEqual([expect.stringMatching(`^${secretName}: is missing`)]);
    expect(problems({ SERVER_KEYS_WRAPPED: '' })[0]).toMatch(/^SERVER_KEYS_WRAPPED: is missing/);
    expect(problems({ SERVER_KEYS: `k1:${KEY}` })[0]).toMatch(/^SERVER_KEYS: is not to be set beside/);
    expect(problems({ [`${secretName}_FILE`]: '/nowhere', [secretName]: '' })).toEqual([
      `${secretName}_FILE: the file cannot be read (ENOENT)`,
    ]);
  });
});

const WRAPPED = `zkvault-ring-1.vault-transit.${'A'.repeat(40)}.${'B'.repeat(80)}`;

describe('a wrapped ring', () => {
  it('is refused if a letter of it is another one, or it ends early', async () => {
    const provider = stageOf('vault-transit').make();
    const text = await wrapRing(provider, ring);

    for (const at of [text.length - 3, text.length - 60]) {
      const letter = text[at] === 'A' ? 'B' : 'A';
      const altered = `${text.slice(0, at)}${letter}${text.slice(at + 1)}`;
      expect(await failure(unwrapRing(provider, altered))).toBeInstanceOf(WrappedRingError);
    }
    for (const cut of [4, 30, text.length - 20])
      expect(await failure(unwrapRing(provider, text.slice(0, -cut)))).toBeInstanceOf(WrappedRingError);
  });

  it('is refused under a key that a hostile service gives instead', async () => {
    const honest = stageOf('vault-transit').make();
    const text = await wrapRing(honest, ring);
    const lying = { ...honest, unwrap: async () => new Uint8Array(32) };
    const short = { ...honest, unwrap: async () => new Uint8Array(31) };

    expect(await failure(unwrapRing(lying, text))).toBeInstanceOf(WrappedRingError);
    expect(await failure(unwrapRing(short, text))).toMatchObject({ fault: 'unusable-answer' });
  });

  it('is not given to another service than the one that wrapped it', async () => {
    const text = await wrapRing(stageOf('vault-transit').make(), ring);
    const { service, make } = stageOf('aws-kms');
    const asked = service.asked.length;

    const error = await failure(unwrapRing(make(), text));

    expect(error.message).toBe('SERVER_KEYS_WRAPPED was wrapped by vault-transit, not by aws-kms');
    expect(service.asked).toHaveLength(asked);
  });
});

describe('the way to a service', () => {
  it.for([
    'http://vault.example.com',
    'http://127.0.0.1.example.com',
    'https://user:secret@vault.example.com',
    'https://vault.example.com/?a',
    'https://vault.example.com/#a',
    'ftp://127.0.0.1',
    'vault.example.com',
  ])('is not %s', (url) => {
    const env = { VAULT_TOKEN: 'a-token', VAULT_TRANSIT_KEY: 'ring', SERVER_KEYS_WRAPPED: WRAPPED };

    expect(() => loadConfig({ SERVER_KEYS_PROVIDER: 'vault-transit', ...env, VAULT_ADDR: url })).toThrow(
      ConfigError,
    );
  });

  it.for([
    'https://vault.example.com',
    'https://[::1]:8200/prefix/',
    'http://127.0.0.1:8200',
    'http://localhost:8200',
  ])('may be %s', (url) => {
    const env = { VAULT_TOKEN: 'a-token', VAULT_TRANSIT_KEY: 'ring', SERVER_KEYS_WRAPPED: WRAPPED };

    const config = loadConfig({ SERVER_KEYS_PROVIDER: 'vault-transit', ...env, VAULT_ADDR: url });

    expect(config.wrappedServerKeys?.provider).toMatchObject({ address: url.replace(/\/$/, '') });
  });

  it('has no token that fetch would quote when it refuses it', () => {
    const env = {
      VAULT_ADDR: 'https://vault.example.com',
      VAULT_TRANSIT_KEY: 'r',
      SERVER_KEYS_WRAPPED: WRAPPED,
    };

    expect(() =>
      loadConfig({ SERVER_KEYS_PROVIDER: 'vault-transit', ...env, VAULT_TOKEN: `${CANARY}\nmore` }),
    ).toThrow('VAULT_TOKEN: must be text of visible ASCII characters');
  });

  it('is named, and the ring of a file is in a file', () => {
    expect(() => loadConfig({ SERVER_KEYS_WRAPPED: WRAPPED })).toThrow('needs the provider');
    expect(() => loadConfig({ SERVER_KEYS_PROVIDER: 'hsm' })).toThrow('SERVER_KEYS_PROVIDER: must be one of');
    expect(() => loadConfig({ SERVER_KEYS_PROVIDER: 'file', SERVER_KEYS: `k1:${KEY}` })).toThrow(
      'SERVER_KEYS_FILE: is missing',
    );
  });
});
