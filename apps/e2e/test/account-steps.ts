/**
 * @file A second session for the fuzzer, with what the fake server has not: keys of the account that are changed,
 * recovery, a second factor that is confirmed, API keys, sessions, and administration.
 */
import { IntegrityError, type VaultClient } from '@zkvault/sdk';
import { type Scene, type Step, step } from '../../../packages/sdk/test/fuzz/session-steps.ts';
import { CANARY } from '../../../packages/sdk/test/world.ts';
import { makeOneTimePassword, TOTP_STEP_SECONDS } from '../../server/src/lib/one-time-password.ts';
import { seedOf } from '../../server/test/second-factor-client.ts';

const [SECOND, THIRD] = ['copper meadow lantern 77 ostrich', 'granite violin orbit 58 mustard'] as const;
const SECOND_LOGIN = 'countess@example.com';
const STRANGER = 'mallory@example.com';
const PAGE = { limit: 5 } as const;
const scopes = ['entries:read', 'entries:write'] as const;

/** The session, in order; it begins with an account of an administrator, on two devices. */
export const accountSteps: readonly Step[] = [
  prepare('register', 'laptop', async ({ client, login, password, makeAdministrator }) => {
    await client.register({ login, password });
    await makeAdministrator(login);
    await client.login({ login, password });
    await client.entries.createMany(
      ['bank', 'airline'].map((title) => ({ type: 'note', title, notes: `${CANARY}-${title}` })),
    );
  }),
  prepare('log in on a second device', 'phone', ({ client, login, password, secretKey }) =>
    client.login({ login, password, secretKey: secretKey! }),
  ),
  ...sessionsAndServer(),
  ...secondFactor(),
  ...apiKeys(),
  ...keyChanges(),
  step('end every session', 'phone', async ({ client }) => {
    await client.sessions.endAll();
    return (await client.status()).state;
  }),
];

function sessionsAndServer(): readonly Step[] {
  return [
    step('list the sessions', 'laptop', async ({ client, keep }) => {
      const sessions = await client.sessions.list();
      for (const { id, current } of sessions) keep(current ? 'own session' : 'other session', id);
      return sessions;
    }),
    step('end a session', 'laptop', ({ client, kept }) => client.sessions.end(kept('other session'))),
    step('see what happened', 'laptop', ({ client }) => client.account.securityEvents(PAGE)),
    step('see what happened to all', 'laptop', ({ client }) => client.server.auditEvents(PAGE)),
    step('count', 'laptop', ({ client }) => client.server.stats()),
    step('see the settings', 'laptop', ({ client }) => client.server.settings()),
    step('change the settings', 'laptop', ({ client }) =>
      client.server.changeSettings({ registration: 'open' }),
    ),
    step('list the accounts', 'laptop', async ({ client, keep }) => {
      const users = await client.users.list();
      keep('stranger', users.find(({ login }) => login === STRANGER)?.id ?? '');
      return users;
    }),
    step('give a role', 'laptop', ({ client, kept }) => client.users.setRole(kept('stranger'), 'admin')),
    step('stop an account', 'laptop', ({ client, kept }) => client.users.setActive(kept('stranger'), false)),
    step('delete an account', 'laptop', ({ client, kept }) => client.users.delete(kept('stranger'))),
    step('invite', 'laptop', async ({ client, keep }) => {
      const invitation = await client.users.invite({ role: 'user' });
      keep('invitation', invitation.id);
      return invitation;
    }),
    step('list the invitations', 'laptop', ({ client }) => client.users.invitations()),
    step('take an invitation back', 'laptop', ({ client, kept }) =>
      client.users.revokeInvitation(kept('invitation')),
    ),
  ];
}

function secondFactor(): readonly Step[] {
  const keepCodes = ({ keep }: Scene, { recoveryCodes }: { readonly recoveryCodes: readonly string[] }) => {
    recoveryCodes.forEach((code, index) => keep(`code ${index}`, code));
    return recoveryCodes.map(({ length }) => length);
  };
  return [
    prepare('set up a second factor', 'laptop', async ({ client, password, keep }) => {
      const { secret } = await client.secondFactor.setup({ password });
      keep('seed', secret);
    }),
    step('confirm the second factor', 'laptop', async (scene) => {
      const { client, password, kept } = scene;
      const counter = Math.floor(Date.now() / 1_000 / TOTP_STEP_SECONDS);
      const totp = makeOneTimePassword(seedOf(kept('seed')), counter);
      return keepCodes(scene, await client.secondFactor.verify({ password, totp }));
    }),
    step('renew the recovery codes', 'laptop', async (scene) => {
      const { client, password } = scene;
      return keepCodes(scene, await client.secondFactor.renewRecoveryCodes({ password }));
    }),
    step('log in with a second factor', 'phone', ({ client, login, password, kept }) =>
      client.login({ login, password, secondFactor: { recoveryCode: kept('code 0') } }),
    ),
    prepare('end the second factor', 'laptop', ({ client, password }) =>
      client.secondFactor.disable({ password }),
    ),
  ];
}

function apiKeys(): readonly Step[] {
  return [
    step('make an API key', 'laptop', async (scene) => {
      const { client, password } = scene;
      const made = await client.apiKeys.create({ password, name: 'robot', scopes });
      return keepKey(scene, 'key', made);
    }),
    step('list the API keys', 'laptop', ({ client }) => client.apiKeys.list()),
    step('open with the API key', 'robot', (scene) =>
      withApiKey(scene, async (holder) => [
        holder.accountId,
        holder.scopes,
        (await holder.sync()).added,
        await holder.entries.list(),
      ]),
    ),
    step('write with the API key', 'robot', (scene) =>
      withApiKey(scene, async (holder) => {
        const { id } = await holder.entries.create({ type: 'note', title: 'of the robot', notes: CANARY });
        return [await holder.entries.get(id), await holder.entries.list()].map((shown) =>
          JSON.stringify(shown).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'then'),
        );
      }),
    ),
    step('replace the API key', 'laptop', async (scene) => {
      const { client, password, kept } = scene;
      const made = await client.apiKeys.rotate({ password, id: kept('key id') });
      return keepKey(scene, 'next key', made);
    }),
    step('revoke the API key', 'laptop', ({ client, kept }) => client.apiKeys.revoke(kept('next key id'))),
  ];
}

function keyChanges(): readonly Step[] {
  const keepRecoveryKey = async (scene: Scene, recoveryKey: string | null) => {
    scene.keepSecret('recovery key', recoveryKey ?? '');
    return [recoveryKey?.startsWith('ZKR1-'), await scene.isRecoverable(recoveryKey ?? '')];
  };
  return [
    step('enrol in recovery', 'laptop', async (scene) => {
      const { recoveryKey } = await scene.client.recovery.enrol({ password: scene.password });
      return keepRecoveryKey(scene, recoveryKey);
    }),
    step('renew the recovery key', 'laptop', async (scene) => {
      const { recoveryKey } = await scene.client.recovery.renew({ password: scene.password });
      return keepRecoveryKey(scene, recoveryKey);
    }),
    step('see the recovery', 'laptop', ({ client }) => client.recovery.status()),
    {
      ...step('change the password', 'laptop', async ({ client, password }) => {
        await client.account.changePassword({ currentPassword: password, newPassword: SECOND });
        return titlesOf(client);
      }),
      changes: { password: SECOND },
    },
    {
      ...step('change the login', 'laptop', async ({ client, password }) => {
        const { emergencyKit } = await client.account.changeLogin({ password, newLogin: SECOND_LOGIN });
        return [emergencyKit?.includes(SECOND_LOGIN), await titlesOf(client)];
      }),
      changes: { login: SECOND_LOGIN },
    },
    step('renew the Secret Key', 'laptop', async ({ client, password }) => {
      const { secretKey, emergencyKit } = await client.account.renewSecretKey({ password });
      return [emergencyKit.includes(secretKey), (await client.emergencyKit())?.includes(secretKey)];
    }),
    step('rotate the account key', 'laptop', async (scene) => {
      const { recoveryKey } = await scene.client.account.rotateKeys({ password: scene.password });
      return [await keepRecoveryKey(scene, recoveryKey), await titlesOf(scene.client)];
    }),
    {
      ...step('recover', 'phone', async (scene) => {
        const { client, login, kept } = scene;
        const recovered = await client.recover({
          login,
          recoveryKey: kept('recovery key'),
          newPassword: THIRD,
        });
        const { recoveryKey, secretKey, emergencyKit, lastSecurityViolationAt } = recovered;
        const isPrinted = secretKey !== null && emergencyKit?.includes(secretKey);
        return [
          isPrinted,
          lastSecurityViolationAt,
          await scene.isRecoverable(recoveryKey),
          await titlesOf(client),
        ];
      }),
      changes: { password: THIRD },
    },
    step('do without recovery', 'phone', ({ client, password }) => client.recovery.remove({ password })),
  ];
}

async function titlesOf({ entries }: VaultClient): Promise<readonly string[]> {
  return (await entries.list()).map(({ title }) => title);
}

/** What is shown of a key, and what it opens where nobody lies. */
async function keepKey(
  { keep, keepSecret, openApiKey }: Scene,
  name: string,
  { apiKey, token }: Awaited<ReturnType<VaultClient['apiKeys']['create']>>,
): Promise<unknown> {
  keep(`${name} id`, apiKey.id);
  keepSecret(name, token);
  keepSecret(`${name} half`, token.slice(-43));
  const holder = await openApiKey(token, true);
  const { createdAt, ...shown } = apiKey;
  const opened = [holder.scopes, (await holder.entries.list()).map(({ title }) => title)];
  holder.close();
  return [shown, typeof createdAt, opened];
}

/** Acts with the API key. After an integrity failure nothing may be shown any more, as of any client. */
async function withApiKey(
  { openApiKey, kept }: Scene,
  act: (holder: Awaited<ReturnType<Scene['openApiKey']>>) => Promise<unknown>,
): Promise<unknown> {
  const holder = await openApiKey(kept('key'));
  try {
    return await act(holder);
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    const later = await Promise.allSettled([
      holder.entries.list(),
      holder.sync(),
      holder.entries.create({ type: 'note', title: 'later' }),
    ]);
    if (later.some(({ status }) => status === 'fulfilled'))
      throw new Error('I1: shown after an integrity failure', { cause: error });
    throw error;
  } finally {
    holder.close();
  }
}

function prepare(name: string, device: Step['device'], run: Step['run']): Step {
  return { name, device, run, isFuzzed: false };
}
