/**
 * @file A faithful server in memory, behind the SDK's `fetch`, with the means to make it lie.
 * It follows the contract: requests that do not fit are refused with 422, so that a test cannot pass
 * on a request the real server would not take.
 */
import {
  type ApiKey,
  allRoutes,
  type BodyOf,
  type commitVault,
  type createApiKey,
  DecodeError,
  type Deletion,
  decode,
  type Entry,
  type login as loginRoute,
  type NewVault,
  type ProblemCode,
  problems,
  type RouteContract,
  type register,
  type replaceVault,
  type rotateApiKey,
  type Sealed,
  type StagedEntry,
  type stageEntries,
} from '@zkvault/contract';
import { encodeBase64Url, randomBytes, sha256, utf8 } from '@zkvault/crypto-core';

/** A vault as the fake keeps it. */
export interface FakeVault {
  fields: NewVault;
  revision: number;
  seq: number;
  entries: Map<string, Entry>;
  deleted: Map<string, Deletion & { readonly revision: number }>;
  manifests: { readonly sealed: Sealed; readonly revision: number }[];
  /** Earlier versions of entries, newest first. */
  versions: Map<string, Entry[]>;
  staging?: { readonly rotationId: string; readonly entries: Map<string, StagedEntry> };
}

/** The one-time password of every account with a second factor. */
export const FAKE_TOTP = '123456';

/** An account as the fake keeps it. */
export interface FakeAccount {
  /** True once confirmed; {@link FAKE_TOTP} is its one-time password, always. */
  secondFactor?: boolean;
  readonly body: BodyOf<typeof register>;
  /** What it says about its owner. */
  readonly said: { email: string | null; fullName: string | null };
  accountState: Sealed | undefined;
  vaults: Map<string, FakeVault>;
}

/** An API key as the fake keeps it. */
export interface FakeApiKey {
  readonly login: string;
  readonly parts: Pick<BodyOf<typeof createApiKey>, 'id' | 'digest' | 'wraps' | 'grant'>;
  readonly answer: ApiKey;
}

/** A session as the fake keeps it. */
export interface FakeSession {
  readonly login: string;
  accessToken: string;
  refreshToken: string;
  readonly spent: Map<string, { readonly key: string | undefined; readonly refreshToken: string }>;
  ended: boolean;
}

/** Everything the fake keeps. */
export interface State {
  accounts: Map<string, FakeAccount>;
  sessions: FakeSession[];
  /** Absent in a state that is restored: the keys stay as they are. */
  apiKeys?: Map<string, FakeApiKey>;
}

/** One request as it arrived. */
export interface SeenRequest {
  readonly operationId: string;
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: unknown;
  readonly init: RequestInit;
}

/** An answer before it is sent. */
export interface Answer {
  status: number;
  body: unknown;
}

/** Gives another answer, changes the given one in place, or (undefined) leaves it as it is. */
export type Lie = (
  answer: Answer,
  request: SeenRequest,
) => Response | Promise<Response | undefined> | undefined | void;

class Refusal extends Error {
  readonly code: ProblemCode;
  readonly extra: object;
  constructor(code: ProblemCode, extra: object = {}) {
    super(code);
    this.code = code;
    this.extra = extra;
  }
}

/** A fake server. */
export interface FakeServer {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly requests: SeenRequest[];
  /** Lies about answers of one operation from now on. */
  lie(operationId: string, lie: Lie): void;
  /** Called before an operation; what it throws is what fetch rejects with. */
  intercept(operationId: string, hook: (request: SeenRequest) => void | Promise<void>): void;
  /** Tells the truth again. */
  honest(): void;
  snapshot(): Required<State>;
  restore(state: State): void;
  readonly state: Required<State>;
  /** Largest page of changes. */
  pageLimit: number;
  expiresIn: number;
  /** Streams of events that are open. */
  readonly streams: Set<ReadableStreamDefaultController<Uint8Array>>;
  /** Writes text to every open stream. */
  say(text: string): void;
}

/** Makes a fake server without accounts. */
export function makeFakeServer(baseUrl = 'https://vault.example'): FakeServer {
  const lies = new Map<string, Lie>();
  const hooks = new Map<string, (request: SeenRequest) => void | Promise<void>>();
  const server: FakeServer = {
    requests: [],
    state: { accounts: new Map(), sessions: [], apiKeys: new Map() },
    pageLimit: 1_000,
    expiresIn: 900,
    streams: new Set(),
    say(text) {
      for (const stream of server.streams) stream.enqueue(new TextEncoder().encode(text));
    },
    lie: (operationId, lie) => void lies.set(operationId, lie),
    intercept: (operationId, hook) => void hooks.set(operationId, hook),
    honest() {
      lies.clear();
      hooks.clear();
    },
    snapshot: () => structuredClone(server.state),
    restore(state) {
      Object.assign(server.state, structuredClone(state));
    },
    async fetch(url, init) {
      init.signal?.throwIfAborted();
      const parsed = new URL(url);
      if (parsed.origin !== baseUrl) throw new Error(`a request to another origin: ${url}`);
      const { route, params } = findRoute(init.method ?? 'GET', parsed.pathname);
      const body = init.body === undefined ? undefined : (JSON.parse(init.body as string) as unknown);
      const headers = new Headers(init.headers);
      const { operationId } = route;
      const request = { operationId, url: parsed, method: init.method ?? 'GET', headers, body, init };
      server.requests.push(request);
      await hooks.get(operationId)?.(request);
      const answer = answerOf(server, route, request, params);
      const lied = await lies.get(operationId)?.(answer, request);
      init.signal?.throwIfAborted();
      if (lied === undefined && operationId === 'streamEvents' && answer.status === 200)
        return eventStream(server, init.signal ?? undefined);
      return lied ?? respond(answer);
    },
  };
  return server;
}

/** Sends an answer as the real server does. */
export function respond(answer: Answer): Response {
  if (answer.status === 204) return new Response(null, { status: 204 });
  return new Response(JSON.stringify(answer.body), {
    status: answer.status,
    headers: {
      'content-type': answer.status < 400 ? 'application/json; charset=utf-8' : 'application/problem+json',
    },
  });
}

/** A stream of events that stays open until the reader leaves it. */
function eventStream(server: FakeServer, signal?: AbortSignal): Response {
  let mine: ReadableStreamDefaultController<Uint8Array> | undefined;
  const leave = () => void (mine !== undefined && server.streams.delete(mine));
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      mine = controller;
      server.streams.add(controller);
      signal?.addEventListener('abort', () => {
        if (server.streams.delete(controller)) controller.error(signal.reason);
      });
    },
    cancel: leave,
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
}

/** An event as the real server writes it. */
export function eventText(name: string, data: object, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function findRoute(
  method: string,
  path: string,
): { readonly route: RouteContract; readonly params: Record<string, string> } {
  for (const route of allRoutes) {
    if (route.method !== method) continue;
    const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]!);
    const match = new RegExp(`^${route.path.replaceAll(/:\w+/g, '([^/]+)')}$`).exec(path);
    if (match !== null)
      return { route, params: Object.fromEntries(names.map((name, index) => [name, match[index + 1]!])) };
  }
  throw new Error(`no route for ${method} ${path}`);
}

function answerOf(
  server: FakeServer,
  route: RouteContract,
  request: SeenRequest,
  params: Record<string, string>,
): Answer {
  try {
    if (route.body !== undefined) assertFits(route.body, request.body);
    const handler = handlers[route.operationId];
    if (handler === undefined) throw new Error(`the fake has no ${route.operationId}`);
    const body = handler(server, { ...request, params });
    return { status: route.success.status, body: structuredClone(body) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, title } = problems[error.code];
    const requestId = crypto.randomUUID();
    const type = `urn:zkvault:problem:${error.code}`;
    return { status, body: { type, title, status, code: error.code, requestId, ...error.extra } };
  }
}

/** Closed as the real server's: a field that the schema does not have is refused. */
function assertFits(schema: NonNullable<RouteContract['body']>, body: unknown): void {
  try {
    if (JSON.stringify(sorted(decode(schema, body))) === JSON.stringify(sorted(body))) return;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  throw new Refusal('request-invalid');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, child]) => [name, sorted(child)] as const)
      .toSorted(([left], [right]) => (left < right ? -1 : 1)),
  );
}

type Incoming = SeenRequest & { readonly params: Record<string, string> };
type Handler = (server: FakeServer, request: Incoming) => unknown;

const handlers: Record<string, Handler> = {
  prelogin({ state }, { body }) {
    const { login } = body as { login: string };
    const account = state.accounts.get(login)?.body;
    const salt = encodeBase64Url(sha256(utf8(login)).subarray(0, 16));
    return { profile: account?.profile ?? 1, salt: account?.salt ?? salt };
  },
  register({ state }, request) {
    const body = request.body as BodyOf<typeof register>;
    if (state.accounts.has(body.login)) throw new Refusal('registration-refused');
    const vaults = (body.vaults ?? []).map((fields): [string, FakeVault] => [
      fields.id,
      {
        fields,
        revision: 0,
        seq: 0,
        entries: new Map(),
        deleted: new Map(),
        versions: new Map(),
        manifests: [{ sealed: fields.manifest!, revision: 0 }],
      },
    ]);
    const said = { email: body.email ?? null, fullName: body.fullName ?? null };
    state.accounts.set(body.login, { body, said, accountState: body.accountState, vaults: new Map(vaults) });
    return { accountId: body.accountId };
  },
  login(server, { body }) {
    const { login, authKey, secondFactor } = body as BodyOf<typeof loginRoute>;
    const account = server.state.accounts.get(login);
    if (account === undefined || account.body.authKey !== authKey) throw new Refusal('invalid-credentials');
    if (account.secondFactor === true && secondFactor === undefined)
      throw new Refusal('second-factor-required');
    if (account.secondFactor === true && !isRight(secondFactor)) throw new Refusal('invalid-credentials');
    const session: FakeSession = { login, ...newTokens(), spent: new Map(), ended: false };
    server.state.sessions.push(session);
    const { accountId, salt, profile, akEpoch, wrap } = account.body;
    return {
      accountId,
      salt,
      profile,
      akEpoch,
      wrap,
      accountState: account.accountState,
      identity: null,
      lastSecurityViolationAt: null,
      ...tokensOf(server, session),
      sessionId: crypto.randomUUID(),
      vaults: [...account.vaults.values()].map(vaultOf),
      user: userOf(account),
    };
  },
  refresh(server, { body, headers }) {
    const { refreshToken } = body as { refreshToken: string };
    const key = headers.get('idempotency-key') ?? undefined;
    for (const session of server.state.sessions) {
      const spent = session.spent.get(refreshToken);
      if (
        spent !== undefined &&
        (key === undefined || spent.key !== key || spent.refreshToken !== session.refreshToken)
      )
        session.ended = true;
      if (session.ended) continue;
      if (spent !== undefined) return tokensOf(server, session);
      if (session.refreshToken !== refreshToken) continue;
      Object.assign(session, newTokens());
      session.spent.set(refreshToken, { key, refreshToken: session.refreshToken });
      return tokensOf(server, session);
    }
    throw new Refusal('invalid-token');
  },
  logout({ state }, { body }) {
    const { refreshToken } = body as { refreshToken?: string };
    for (const session of state.sessions) if (session.refreshToken === refreshToken) session.ended = true;
    return undefined;
  },
  getOwnUser: (server, request) => userOf(accountOf(server, request)),
  updateOwnUser(server, request) {
    const account = accountOf(server, request);
    Object.assign(account.said, request.body);
    return userOf(account);
  },
  deleteOwnUser(server, request) {
    const { body } = accountOf(server, request);
    if ((request.body as { authKey: string }).authKey !== body.authKey)
      throw new Refusal('current-key-wrong');
    server.state.accounts.delete(body.login);
    for (const session of server.state.sessions) if (session.login === body.login) session.ended = true;
    return undefined;
  },
  replaceAccountState(server, request) {
    const account = accountOf(server, request);
    const { accountState } = request.body as { accountState: Sealed };
    if (accountState.seq !== (account.accountState?.seq ?? -1) + 1) throw new Refusal('conflict');
    account.accountState = accountState;
    return { seq: accountState.seq };
  },
  setUpSecondFactor(server, request) {
    if (provenAccount(server, request).secondFactor === true) throw new Refusal('second-factor-active');
    const secret = 'A'.repeat(32);
    return { secret, otpauthUrl: `otpauth://totp/zkvault:ada?secret=${secret}` };
  },
  verifySecondFactor(server, request) {
    const account = provenAccount(server, request);
    const { totp } = request.body as { totp: string };
    if (!isRight({ totp })) throw new Refusal('second-factor-wrong');
    account.secondFactor = true;
    return { recoveryCodes: recoveryCodes() };
  },
  renewRecoveryCodes(server, request) {
    if (provenAccount(server, request).secondFactor !== true) throw new Refusal('second-factor-inactive');
    return { recoveryCodes: recoveryCodes() };
  },
  disableSecondFactor(server, request) {
    provenAccount(server, request).secondFactor = false;
  },
  createApiKey(server, request) {
    const account = provenAccount(server, request);
    const body = request.body as BodyOf<typeof createApiKey>;
    if (body.vaultId !== undefined && !account.vaults.has(body.vaultId)) throw new Refusal('vault-not-found');
    return keepApiKey(server, account.body.login, body, {
      name: body.name,
      scopes: body.scopes,
      vaultId: body.vaultId ?? null,
      rateLimit: body.rateLimit ?? null,
      expiresAt: body.expiresAt ?? null,
    });
  },
  listApiKeys(server, request) {
    const { login } = accountOf(server, request).body;
    const own = [...server.state.apiKeys.values()].filter((key) => key.login === login);
    return { items: own.map(({ answer }) => answer), nextCursor: null };
  },
  getApiKeySelf(server, request) {
    const { account, apiKey } = apiKeyOf(server, request);
    const { id, scopes, vaultId, expiresAt } = apiKey.answer;
    const covered = [...account.vaults.values()].filter(({ fields }) => fields.id === (vaultId ?? fields.id));
    const vaults = covered.map(({ fields: { id: of, integrity, vkEpoch } }) => {
      const wrap = apiKey.parts.wraps.find((found) => found.vaultId === of && found.vkEpoch === vkEpoch);
      return { id: of, integrity, vkEpoch, wrap: wrap?.wrap ?? null };
    });
    const { accountId } = account.body;
    return { id, accountId, scopes, vaultId, expiresAt, grant: apiKey.parts.grant ?? null, vaults };
  },
  getApiKey: (server, request) => ownApiKey(server, request).answer,
  deleteApiKey(server, request) {
    server.state.apiKeys.delete(ownApiKey(server, request).answer.id);
  },
  rotateApiKey(server, request) {
    provenAccount(server, request);
    const old = ownApiKey(server, request);
    const body = request.body as BodyOf<typeof rotateApiKey>;
    if (old.answer.replacedBy !== null) throw new Refusal('conflict');
    const { name, scopes, vaultId, rateLimit } = old.answer;
    const wish = { name, scopes, vaultId, rateLimit, expiresAt: body.expiresAt ?? null };
    const answer = keepApiKey(server, old.login, body, wish);
    const answerOfOld = { ...old.answer, replacedBy: body.id, expiresAt: '2026-01-02T00:00:00.000Z' };
    server.state.apiKeys.set(old.answer.id, { ...old, answer: answerOfOld });
    return answer;
  },
  commitVault(server, request) {
    const vault = vaultFor(server, request);
    const { baseSeq, operations, manifest } = request.body as BodyOf<typeof commitVault>;
    if (manifest === undefined) throw new Refusal('manifest-required');
    if (baseSeq !== vault.seq) throw new Refusal('conflict', { seq: vault.seq });
    if (manifest.seq !== baseSeq + 1) throw new Refusal('request-invalid');
    if (new Set(operations.map(({ id }) => id)).size !== operations.length)
      throw new Refusal('request-invalid');
    for (const operation of operations) {
      const { op, id, version } = operation;
      const present = vault.entries.get(id);
      if (
        vault.deleted.has(id) ||
        version !== (present?.version ?? 0) + 1 ||
        (operation.op === 'put' && operation.vkEpoch !== vault.fields.vkEpoch) ||
        (op === 'delete' && present === undefined)
      )
        throw new Refusal('conflict', { seq: vault.seq });
    }
    for (const operation of operations) {
      vault.revision += 1;
      const { revision } = vault;
      if (operation.op === 'delete') {
        vault.entries.delete(operation.id);
        vault.versions.delete(operation.id);
        vault.deleted.set(operation.id, { id: operation.id, version: operation.version, revision });
      } else {
        const { op, ...fields } = operation;
        const former = vault.entries.get(operation.id);
        if (former !== undefined)
          vault.versions.set(operation.id, [former, ...(vault.versions.get(operation.id) ?? [])]);
        vault.entries.set(operation.id, { ...fields, revision, updatedAt: '2026-01-01T00:00:00.000Z' });
      }
    }
    vault.seq += 1;
    vault.manifests.push({ sealed: manifest, revision: vault.revision });
    return { revision: vault.revision, seq: vault.seq };
  },
  streamEvents: (server, request) => void accountOf(server, request),
  stageEntries(server, request) {
    const vault = vaultFor(server, request);
    const { rotationId, vkEpoch, entries } = request.body as BodyOf<typeof stageEntries>;
    const isPresent = entries.every(({ id, version }) => vault.entries.get(id)?.version === version);
    if (vkEpoch !== vault.fields.vkEpoch + 1 || !isPresent) throw new Refusal('conflict', { seq: vault.seq });
    if (vault.staging?.rotationId !== rotationId) vault.staging = { rotationId, entries: new Map() };
    for (const entry of entries) vault.staging.entries.set(entry.id, entry);
    return { staged: vault.staging.entries.size };
  },
  replaceVault(server, request) {
    const account = accountOf(server, request);
    const vault = vaultFor(server, request);
    const body = request.body as BodyOf<typeof replaceVault>;
    const { vkEpoch, wrap, rotationId, manifest, accountState } = body;
    if (manifest === undefined) throw new Refusal('manifest-required');
    if (accountState?.seq !== (account.accountState?.seq ?? -1) + 1) throw new Refusal('conflict');
    if (vkEpoch !== vault.fields.vkEpoch + 1 || manifest.seq !== vault.seq + 1)
      throw new Refusal('conflict', { seq: vault.seq });
    const staged = vault.staging?.rotationId === rotationId ? vault.staging?.entries : undefined;
    const isWhole = [...vault.entries.values()].every(
      ({ id, version }) => staged?.get(id)?.version === version,
    );
    if (!isWhole) throw new Refusal('rotation-incomplete', { seq: vault.seq });
    for (const [id, entry] of vault.entries) {
      vault.revision += 1;
      const { revision } = vault;
      vault.entries.set(id, { ...entry, ...staged!.get(id)!, vkEpoch, revision });
    }
    if (vault.entries.size === 0) vault.revision += 1;
    vault.seq += 1;
    vault.manifests.push({ sealed: manifest, revision: vault.revision });
    vault.deleted.clear();
    vault.versions.clear();
    delete vault.staging;
    vault.fields = { ...vault.fields, vkEpoch, wrap };
    account.accountState = accountState;
    return { ...vaultOf(vault), wrap: null };
  },
  listEntryVersions(server, request) {
    const vault = vaultFor(server, request);
    const entry = vault.entries.get(request.params['entryId']!);
    if (entry === undefined) throw new Refusal('entry-not-found');
    const limit = Number(request.url.searchParams.get('limit') ?? 100);
    const from = Number(request.url.searchParams.get('cursor') ?? 0);
    const all = [entry, ...(vault.versions.get(entry.id) ?? [])].slice(0, 50);
    const items = all.slice(from, from + Math.min(limit, server.pageLimit));
    const next = from + items.length;
    return { items, nextCursor: next < all.length ? String(next) : null };
  },
  getChanges(server, request) {
    const vault = vaultFor(server, request);
    const query = (name: string, otherwise: number) =>
      Number(request.url.searchParams.get(name) ?? otherwise);
    const since = query('since', 0);
    const limit = Math.min(query('limit', 500), server.pageLimit);
    const manifestsAfter = query('manifestsAfter', -1);
    const after = <Row extends { readonly revision: number }>(rows: Iterable<Row>) =>
      [...rows]
        .filter(({ revision }) => revision > since)
        .toSorted((left, right) => left.revision - right.revision);
    const rows = after<{ readonly revision: number }>([...vault.entries.values(), ...vault.deleted.values()]);
    const manifests = after(vault.manifests).filter(({ sealed }) => sealed.seq > manifestsAfter);
    const pageEnd = Math.min(
      rows[limit - 1]?.revision ?? vault.revision,
      manifests[limit - 1]?.revision ?? vault.revision,
      vault.revision,
    );
    const inPage = ({ revision }: { readonly revision: number }) => revision > since && revision <= pageEnd;
    return {
      revision: vault.revision,
      seq: vault.seq,
      vkEpoch: vault.fields.vkEpoch,
      manifest: vault.manifests.at(-1)!.sealed,
      manifests: manifests.filter(inPage).map(({ sealed }) => sealed),
      entries: [...vault.entries.values()].filter(inPage),
      deleted: [...vault.deleted.values()].filter(inPage).map(({ id, version }) => ({ id, version })),
      nextSince: pageEnd < vault.revision ? pageEnd : null,
    };
  },
};

function userOf({ body, said }: FakeAccount) {
  return {
    id: body.accountId,
    login: body.login,
    ...said,
    role: 'user',
    isActive: true,
    secondFactor: false,
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}

function newTokens() {
  return {
    accessToken: `e30.${encodeBase64Url(randomBytes(16))}.x`,
    refreshToken: encodeBase64Url(randomBytes(32)),
  };
}

function tokensOf(server: FakeServer, { accessToken, refreshToken }: FakeSession) {
  return { accessToken, refreshToken, tokenType: 'Bearer', expiresIn: server.expiresIn };
}

function vaultOf(vault: FakeVault) {
  const { revision, seq } = vault;
  return { ...vault.fields, manifest: vault.manifests.at(-1)!.sealed, revision, seq };
}

function keepApiKey(
  server: FakeServer,
  login: string,
  { id, digest, wraps, grant }: FakeApiKey['parts'],
  wish: Pick<ApiKey, 'name' | 'scopes' | 'vaultId' | 'rateLimit' | 'expiresAt'>,
): ApiKey {
  const times = { createdAt: '2026-01-01T00:00:00.000Z', lastUsedAt: null, replacedBy: null };
  const answer = { id, ...wish, ...times };
  server.state.apiKeys.set(id, { login, parts: { id, digest, wraps, ...(grant && { grant }) }, answer });
  return answer;
}

function ownApiKey(server: FakeServer, request: Incoming): FakeApiKey {
  const { login } = accountOf(server, request).body;
  const apiKey = server.state.apiKeys.get(request.params['id']!);
  if (apiKey?.login !== login) throw new Refusal('api-key-not-found');
  return apiKey;
}

/** Refuses a header that holds more than it may, as the real server does. */
function apiKeyOf({ state }: FakeServer, { headers }: SeenRequest) {
  const credential = headers.get('x-api-key') ?? '';
  if (credential.length > 84) throw new Refusal('api-key-half-exposed');
  const apiKey = state.apiKeys.get(credential.slice(4, 40));
  const digest = encodeBase64Url(sha256(utf8(credential)));
  const account = apiKey === undefined ? undefined : state.accounts.get(apiKey.login);
  if (apiKey === undefined || apiKey.parts.digest !== digest || account === undefined)
    throw new Refusal('invalid-api-key');
  return { apiKey, account };
}

function accountOf({ state }: FakeServer, { headers }: SeenRequest): FakeAccount {
  const token = headers.get('authorization')?.replace('Bearer ', '');
  const session = state.sessions.find(({ accessToken, ended }) => accessToken === token && !ended);
  const account = session === undefined ? undefined : state.accounts.get(session.login);
  if (account === undefined) throw new Refusal('invalid-token');
  return account;
}

function provenAccount(server: FakeServer, request: SeenRequest): FakeAccount {
  const account = accountOf(server, request);
  const { authKey } = request.body as { authKey: string };
  if (authKey !== account.body.authKey) throw new Refusal('current-key-wrong');
  return account;
}

function isRight(secondFactor: BodyOf<typeof loginRoute>['secondFactor']): boolean {
  return secondFactor !== undefined && 'totp' in secondFactor && secondFactor.totp === FAKE_TOTP;
}

function recoveryCodes(): string[] {
  return Array.from({ length: 10 }, (_, index) => `AAAA-BBBB-CCCC-000${index}`);
}

function vaultFor(server: FakeServer, request: Incoming): FakeVault {
  const account = request.headers.has('x-api-key')
    ? apiKeyOf(server, request).account
    : accountOf(server, request);
  const vault = account.vaults.get(request.params['vaultId']!);
  if (vault === undefined) throw new Refusal('vault-not-found');
  return vault;
}

/** A refusal as the real server writes it. */
export function problemResponse(code: ProblemCode, extra: object = {}): Response {
  const { status, title } = problems[code];
  const type = `urn:zkvault:problem:${code}`;
  return respond({ status, body: { type, title, status, code, requestId: crypto.randomUUID(), ...extra } });
}
