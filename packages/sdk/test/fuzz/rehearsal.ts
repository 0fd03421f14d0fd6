/** @file The session once, told the truth: what each step starts from, what is said in it, and what comes of it. */
import { recover } from '@zkvault/contract';
import { encodeSecretKey, secretKeyFromBytes } from '@zkvault/crypto-core';
import { openWithApiKey } from '../../src/api-key-client.ts';
import { createVaultClient } from '../../src/client.ts';
import type { Fetch } from '../../src/options.ts';
import type { Exchange } from '../../src/testing/exchange.ts';
import { type FakeClock, makeFakeClock } from '../../src/testing/fake-clock.ts';
import { makeInsecureKdf } from '../../src/testing/insecure-kdf.ts';
import { type InspectableStorage, inspectableStorage } from '../../src/testing/inspectable-storage.ts';
import type { VaultClient } from '../../src/vault-client.ts';
import { CANARY, LOGIN, PASSWORD } from '../world.ts';
import type { DeviceName, Scene, Step } from './session-steps.ts';
import type { Stage } from './stage.ts';

const DEVICES: readonly DeviceName[] = ['laptop', 'phone', 'robot'];
const STRANGER = 'mallory@example.com';

/** All there is before a step, so that any number of sessions can begin there. */
export interface Moment {
  readonly server: unknown;
  readonly devices: ReadonlyMap<DeviceName, DeviceState>;
  readonly atMs: number;
}

interface DeviceState {
  readonly stored: ReadonlyMap<string, Uint8Array>;
  /** Undefined if it was not unlocked. */
  readonly unlockKey: Uint8Array | undefined;
}

/** One step, as it goes with an honest server. */
export interface RehearsedStep {
  readonly step: Step;
  readonly before: Moment;
  readonly exchanges: readonly Exchange[];
  readonly result: string;
  /** What the account shows before and after, to somebody who is told the truth. */
  readonly views: readonly string[];
  /** What it showed at any time up to then. */
  readonly past: readonly string[];
  /** What the person knew before. */
  readonly knows: Knowledge;
  /** What they log in with afterwards. */
  readonly knowsThen: Knowledge;
}

/** What the person knows by then. */
export interface Knowledge {
  readonly login: string;
  readonly password: string;
  readonly secretKey: string | undefined;
  readonly ids: ReadonlyMap<string, string>;
  /** What steps kept for later ones. */
  readonly kept: ReadonlyMap<string, string>;
}

/** The rehearsed session, and what a hostile server has seen of it and of somebody else's. */
export interface Rehearsal {
  readonly steps: readonly RehearsedStep[];
  readonly earlier: readonly Exchange[];
  readonly strangers: readonly Exchange[];
  /** What must never be in a request, an error or a storage. */
  readonly secrets: readonly (string | Uint8Array)[];
}

/** A device in a play. */
export interface Actor {
  readonly client: VaultClient;
  readonly storage: InspectableStorage;
}

/** What a device in a play begins with. */
export interface Entrance {
  readonly stage: Stage;
  readonly clock: FakeClock;
  /** Nothing at all, if left out. */
  readonly state?: DeviceState | undefined;
  /** True if nobody lies to it. */
  readonly isToldTheTruth?: boolean;
  readonly timeoutMs?: number | undefined;
}

/** Starts a device of the person, as it was at a moment. */
export async function makeActor(entrance: Entrance): Promise<Actor> {
  const { state } = entrance;
  const storage = inspectableStorage();
  if (state !== undefined) storage.restore(state.stored);
  const client = createVaultClient({
    ...optionsOf(entrance),
    storage,
    kdf: makeInsecureKdf(),
    passwordPolicy: { minLength: 12, minScore: 0, requireClasses: false },
  });
  if (state?.unlockKey !== undefined) await client.unlock({ unlockKey: state.unlockKey });
  return { client, storage };
}

function optionsOf({ stage, clock, isToldTheTruth = false, timeoutMs = 20_000 }: Entrance) {
  const fetch = isToldTheTruth ? stage.honest : stage.server.fetch;
  return { baseUrl: stage.baseUrl, fetch, realm: 'vault.example', timeoutMs, now: clock.now } as const;
}

/** Recovers an account up to the request that would change it, which is never sent. */
async function isRecoverable(
  { stage, clock }: Entrance,
  login: string,
  recoveryKey: string,
): Promise<boolean> {
  let isOpened = false;
  const fetch: Fetch = async (address, init) => {
    isOpened = !address.endsWith(recover.path);
    if (isOpened) throw new TypeError('the account is left as it is');
    return stage.honest(address, init);
  };
  const { client } = await makeActor({ stage: { ...stage, honest: fetch }, clock, isToldTheTruth: true });
  await client.recover({ login, recoveryKey, newPassword: `${PASSWORD} anew` }).catch(() => undefined);
  return isOpened;
}

/** What is left of a device when it is switched off. */
export async function stateOf({ client, storage }: Actor): Promise<DeviceState> {
  const { state } = await client.status();
  const unlockKey = state === 'unlocked' ? client.exportUnlockKey() : undefined;
  return { stored: storage.snapshot(), unlockKey };
}

/** What a person sees, with the ids that were made meanwhile left out. */
export async function viewOf({ entries }: VaultClient, ids: Knowledge['ids']): Promise<string> {
  return normalized(await entries.list(), ids);
}

/**
 * What a client says of its vaults, but for what it has not read back yet: a lie may make it ask once more, and then it knows for
 * certain what it otherwise only was told.
 */
export async function shownVaults(client: VaultClient): Promise<readonly object[]> {
  const { vaults } = await client.status();
  return vaults.map(({ durable, unconfirmed, ...shown }) => shown);
}

/** The text of a result; ids that nobody knew before are random, so they are all alike. */
export function normalized(value: unknown, ids: Knowledge['ids']): string {
  const known = new Set(ids.values());
  return JSON.stringify(value ?? null).replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) =>
    known.has(id) ? id : 'new',
  );
}

/** Rehearses a session on an empty server. Each step begins with a device that was just started. */
export async function rehearse(stage: Stage, steps: readonly Step[]): Promise<Rehearsal> {
  const clock = makeFakeClock();
  const strangers = await recordStranger(stage, clock);
  const earlier = stage.server.record();
  const nothing: DeviceState = { stored: new Map(), unlockKey: undefined };
  let devices: ReadonlyMap<DeviceName, DeviceState> = new Map(DEVICES.map((name) => [name, nothing]));
  const secrets = new Set<string | Uint8Array>([PASSWORD, CANARY]);
  let knows: Knowledge = {
    login: LOGIN,
    password: PASSWORD,
    secretKey: undefined,
    ids: new Map(),
    kept: new Map(),
  };
  const rehearsed: RehearsedStep[] = [];
  let view = await truthOf(stage, clock, knows);
  const truths = [view];
  for (const step of steps) {
    const before: Moment = { server: await stage.server.snapshot(), devices, atMs: clock.now() };
    const actor = await makeActor({ stage, clock, state: devices.get(step.device) });
    const exchanges = stage.server.record();
    const { scene, others, keeps } = sceneOf({ stage, clock, actor, before, step, knows });
    const between: string[] = [];
    const raw = await step.run({
      ...scene,
      async meanwhile(work) {
        await scene.meanwhile(work);
        between.push(await truthOf(stage, clock, knows));
      },
    });
    const result = normalized([raw, await shownVaults(actor.client)], knows.ids);
    const count = exchanges.length;
    const known = knows;
    const { password: next } = step.changes ?? {};
    for (const secret of [...keeps.secrets, ...(next === undefined ? [] : [next])]) secrets.add(secret);
    const learned = await learn(actor, knows, secrets);
    knows = { ...learned, ...step.changes, kept: new Map([...knows.kept, ...keeps.texts]) };
    devices = new Map([...devices, ...(await others()), [step.device, await stateOf(actor)]]);
    const after = await truthOf(stage, clock, knows);
    const views = [view, ...between, after].map((each) => normalized(JSON.parse(each), known.ids));
    truths.push(...between, after);
    const past = truths.map((each) => normalized(JSON.parse(each), known.ids));
    const said = exchanges.slice(0, count);
    rehearsed.push({ step, before, exchanges: said, result, views, past, knows: known, knowsThen: knows });
    view = after;
  }
  return { steps: rehearsed, earlier, strangers, secrets: [...secrets] };
}

/** What a step acts with, and what the other devices are after it. */
export function sceneOf(play: {
  readonly stage: Stage;
  readonly clock: FakeClock;
  readonly actor: Actor;
  readonly before: Moment;
  readonly step: Step;
  readonly knows: Knowledge;
  readonly timeoutMs?: number | undefined;
}): {
  readonly scene: Scene;
  readonly others: () => Promise<readonly (readonly [DeviceName, DeviceState])[]>;
  /** What the step keeps. */
  readonly keeps: { readonly texts: ReadonlyMap<string, string>; readonly secrets: readonly string[] };
} {
  const { stage, clock, actor, before, step, knows } = play;
  const { login, password, secretKey, ids } = knows;
  const others = new Map<DeviceName, Actor>();
  const keeps = { texts: new Map<string, string>(), secrets: [] as string[] };
  const scene: Scene = {
    client: actor.client,
    login,
    password,
    secretKey,
    idOf(title) {
      const id = ids.get(title);
      if (id === undefined) throw new TypeError(`no entry is called ${title}`);
      return id;
    },
    async meanwhile(work) {
      const name = DEVICES.find((each) => each !== step.device)!;
      const state = before.devices.get(name);
      const other = await makeActor({ stage, clock, state, isToldTheTruth: true });
      others.set(name, other);
      await work(other.client);
    },
    later: clock.advance,
    keep: (name, text) => void keeps.texts.set(name, text),
    keepSecret(name, text) {
      keeps.texts.set(name, text);
      keeps.secrets.push(text);
    },
    kept(name) {
      const text = knows.kept.get(name);
      if (text === undefined) throw new TypeError(`nothing was kept as ${name}`);
      return text;
    },
    openApiKey: (apiKey, isToldTheTruth = false) =>
      openWithApiKey({ ...optionsOf({ stage, clock, isToldTheTruth, timeoutMs: play.timeoutMs }), apiKey }),
    isRecoverable: (recoveryKey) => isRecoverable({ stage, clock }, login, recoveryKey),
    async makeAdministrator(who) {
      if (stage.makeAdministrator === undefined) throw new TypeError('this stage has no administrators');
      await stage.makeAdministrator(who);
    },
  };
  return {
    scene,
    keeps,
    others: async () =>
      Promise.all([...others].map(async ([name, other]) => [name, await stateOf(other)] as const)),
  };
}

async function learn(
  { client, storage }: Actor,
  knows: Knowledge,
  secrets: Set<string | Uint8Array>,
): Promise<Knowledge> {
  const kept = [...storage.values].find(([key]) => key.endsWith('.secret-key'))?.[1];
  const secretKey = kept === undefined ? knows.secretKey : encodeSecretKey(secretKeyFromBytes(kept));
  if (secretKey !== undefined) secrets.add(secretKey);
  if (kept !== undefined) secrets.add(kept);
  const { state, accountId, vaults } = await client.status();
  if (state !== 'unlocked') return { ...knows, secretKey };
  secrets.add(client.exportUnlockKey());
  const ids = new Map(knows.ids);
  ids.set('(account)', accountId!);
  for (const { id } of vaults) ids.set(`(vault ${id})`, id);
  if (vaults.every(({ seq }) => seq !== null))
    for (const { title, id } of await client.entries.list()) ids.set(title, id);
  return { ...knows, secretKey, ids };
}

/** What somebody without memory is shown by the honest server; the account may not be there. */
async function truthOf(stage: Stage, clock: FakeClock, knows: Knowledge): Promise<string> {
  if (knows.secretKey === undefined) return '"none"';
  const { client } = await makeActor({ stage, clock, isToldTheTruth: true });
  const { login, password, secretKey } = knows;
  try {
    await client.login({ login, password, secretKey });
  } catch {
    return '"none"';
  }
  return JSON.stringify(await client.entries.list());
}

/** Somebody else's session: what the server could put in from there. */
async function recordStranger(stage: Stage, clock: FakeClock): Promise<readonly Exchange[]> {
  const recording = stage.server.record();
  const { client } = await makeActor({ stage, clock });
  await client.register({ login: STRANGER, password: PASSWORD });
  await client.login({ login: STRANGER, password: PASSWORD });
  await client.entries.createMany(
    ['one', 'two', 'three', 'four'].map((title) => ({ type: 'note', title, notes: 'of a stranger' })),
  );
  await client.sync();
  await client.account.get();
  return [...recording];
}
