/**
 * @file A session with everything an app does, as a list of steps. A new call of the SDK joins the fuzzer
 * as one entry here; what its route answers is then changed leaf by leaf.
 */

import type { ApiKeyClient } from '../../src/api-key-holder.ts';
import { importEntries } from '../../src/import/import-entries.ts';
import { parseImport } from '../../src/import/parse-import.ts';
import type { VaultClient } from '../../src/vault-client.ts';
import { CANARY } from '../world.ts';

/** Which device of the person acts; the robot never logs in, and opens what an API key opens. */
export type DeviceName = 'laptop' | 'phone' | 'robot';

/** What a step acts with. */
export interface Scene {
  readonly client: VaultClient;
  readonly login: string;
  readonly password: string;
  /** The account's Secret Key, once it is registered. */
  readonly secretKey: string | undefined;
  /** Id of an entry by its title, as the steps before left it. */
  idOf(title: string): string;
  /** Lets the other device do something at this moment, told the truth. */
  meanwhile(work: (client: VaultClient) => Promise<unknown>): Promise<void>;
  /** Lets the devices' clock go on. */
  later(ms: number): void;
  /** Remembers a text for later steps, as it was in the session that was told the truth. */
  keep(name: string, text: string): void;
  /** Does the same with what must never be in a request, an error or a storage. */
  keepSecret(name: string, text: string): void;
  /** What a step before kept. */
  kept(name: string): string;
  /** Opens an API key on this device, or, told the truth, on any other. */
  openApiKey(apiKey: string, isToldTheTruth?: boolean): Promise<ApiKeyClient>;
  /** Whether a recovery key opens the account at the honest server, which is left as it is. */
  isRecoverable(recoveryKey: string): Promise<boolean>;
  /** Makes an account an administrator, by the hand of whoever runs the server. */
  makeAdministrator(login: string): Promise<void>;
}

/** One step of the session. */
export interface Step {
  readonly name: string;
  readonly device: DeviceName;
  /** Does it; what it gives, as JSON, must be the same whatever the server lies, or the call must fail. */
  run(scene: Scene): Promise<unknown>;
  /** What the person logs in with from then on, if the step changes it. */
  readonly changes?: { readonly login?: string; readonly password?: string };
  /** False for what only prepares a later step. */
  readonly isFuzzed?: false;
}

const MINUTE_MS = 60_000;
const csv = `name,url,username,password,note\nimported,https://x.example,ada,${CANARY}-imported,\n`;

/** The session, in order. */
export const sessionSteps: readonly Step[] = [
  step('register', 'laptop', async ({ client, login, password }) => {
    const { secretKey, emergencyKit } = await client.register({ login, password });
    return [secretKey?.startsWith('ZK1-'), emergencyKit?.includes(secretKey ?? '?')];
  }),
  step('log in', 'laptop', ({ client, login, password }) => client.login({ login, password })),
  step('put', 'laptop', ({ client }) =>
    client.entries.create({ type: 'login', title: 'bank', username: 'ada', password: `${CANARY}-1` }),
  ),
  step('put several', 'laptop', ({ client }) =>
    client.entries.createMany(
      ['airline', 'gone'].map((title) => ({ type: 'note', title, notes: `${CANARY}-${title}` })),
    ),
  ),
  step('import', 'laptop', ({ client }) => importEntries(client, parseImport('chrome-csv', csv))),
  step('change', 'laptop', ({ client, idOf }) =>
    client.entries.update(idOf('bank'), { password: `${CANARY}-2` }),
  ),
  step('log in on a second device', 'phone', ({ client, login, password, secretKey }) =>
    client.login({ login, password, secretKey: secretKey! }),
  ),
  step('list without memory', 'phone', ({ client }) => client.entries.list()),
  step('get', 'phone', ({ client, idOf }) => client.entries.get(idOf('bank'))),
  step('change on the second device', 'phone', ({ client, idOf }) =>
    client.entries.update(idOf('airline'), { notes: `${CANARY}-phone`, tags: ['travel'] }),
  ),
  step('sync', 'laptop', ({ client }) => client.sync()),
  step('delete', 'laptop', ({ client, idOf }) => client.entries.delete(idOf('gone'))),
  step('write on top of what another wrote', 'phone', async ({ client, idOf, meanwhile }) => {
    await client.sync();
    await meanwhile((laptop) => laptop.entries.update(idOf('bank'), { favorite: true }));
    return client.entries.update(idOf('imported'), { favorite: true });
  }),
  step('list after a pause', 'laptop', async ({ client, later }) => {
    later(60 * MINUTE_MS);
    await client.sync();
    return client.entries.list();
  }),
  {
    ...step('write often', 'laptop', async ({ client, idOf }) => {
      for (let seq = 0; seq < 15; seq = (await client.status()).vaults[0]!.seq!)
        await client.entries.update(idOf('bank'), { notes: `note ${seq}` });
    }),
    isFuzzed: false,
  },
  step('put, with a checkpoint', 'laptop', ({ client }) =>
    client.entries.create({ type: 'note', title: 'last' }),
  ),
  step('log in with a memory', 'phone', ({ client, login, password }) => client.login({ login, password })),
  step('list with a memory', 'phone', ({ client }) => client.entries.list()),
  step('read the history', 'laptop', ({ client, idOf }) => client.entries.history(idOf('imported'))),
  step('rotate the vault key', 'laptop', ({ client }) => client.vaults.rotateKey()),
  step('list after the rotation', 'laptop', ({ client }) => client.entries.list()),
  step('see the account', 'laptop', ({ client }) => client.account.get()),
  step('change the account', 'laptop', ({ client }) => client.account.update({ fullName: 'Ada' })),
  step('set up a second factor', 'laptop', ({ client, password }) => client.secondFactor.setup({ password })),
  step('end the second factor', 'laptop', ({ client, password }) =>
    client.secondFactor.disable({ password }),
  ),
  step('log out', 'phone', ({ client }) => client.logout()),
  step('delete the account', 'laptop', ({ client, password }) => client.account.deleteAccount({ password })),
];

/** A step that is fuzzed. */
export function step(name: string, device: DeviceName, run: Step['run']): Step {
  return { name, device, run };
}
