// A client of zkvault in plain Node, written from docs/protocol.md alone and sharing no code with ours.
// It registers an account, logs in, writes an entry into a manifest vault, reads it back and verifies it.
// Usage: node independent-client.mjs http://localhost:4000   (Node 22 or newer)
import * as crypto from 'node:crypto';

const baseUrl = process.argv[2] ?? 'http://localhost:4000';
const realm = new URL(baseUrl).host;

// Section 1: encodings.
const text = (value) => Buffer.from(value.normalize('NFC'));
const int = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};
const uuid = (value) => Buffer.from(value.replaceAll('-', ''), 'hex');
const enc = (...fields) =>
  Buffer.concat([
    Buffer.from('ZKV1'),
    ...fields.flatMap((field) => {
      const bytes = typeof field === 'string' ? text(field) : typeof field === 'number' ? int(field) : field;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  ]);
const b64u = (bytes) => Buffer.from(bytes).toString('base64url');
const unb64u = (value) => {
  const bytes = Buffer.from(value, 'base64url');
  check(b64u(bytes) === value, 'encoding');
  return bytes;
};
const sha = (...parts) => crypto.createHash('sha256').update(Buffer.concat(parts)).digest();
const hkdf = (key, salt, info, length = 32) => Buffer.from(crypto.hkdfSync('sha256', key, salt, info, length));
const sub = (key, label) => hkdf(key, '', label);
const check = (fine, what) => {
  if (!fine) throw new Error(`refused: ${what}`);
};
const ZERO = Buffer.alloc(32);

// Sections 2 and 3: password to keys. Node before 24.7 has no Argon2: profile 2 then.
const PROFILE = crypto.argon2Sync ? 1 : 2;
function passwordKeys({ login, password, salt, profile }) {
  const effSalt = sha(enc('zkv/1/salt', realm, login, salt));
  const message = Buffer.from(password.normalize('NFKC'));
  check(profile === PROFILE, 'KDF profile');
  const stretched =
    profile === 2
      ? crypto.pbkdf2Sync(message, effSalt, 600_000, 32, 'sha256')
      : crypto.argon2Sync('argon2id', { message, nonce: effSalt, memory: 65_536, passes: 3, parallelism: 1, tagLength: 32 });
  const root = hkdf(stretched, ZERO, sha(enc('zkv/1/root', realm, login, profile, 0)));
  return { authKey: sub(root, 'zkv/1/auth'), kekPw: sub(root, 'zkv/1/kek/password') };
}

// Section 4: the envelope.
function padded(message) {
  const need = message.length + 1,
    n = Math.max(256, 2 ** Math.ceil(Math.log2(need))),
    step = n === 256 ? 256 : n / 8;
  return Buffer.concat([message, Buffer.of(0x80)], Math.ceil(need / step) * step);
}
function seal(key, place, message) {
  const [S, iv, a] = [crypto.randomBytes(16), crypto.randomBytes(12), enc(...place)];
  const okm = hkdf(key, S, sha(enc('zkv/1/env', a, iv)), 64);
  const cipher = crypto.createCipheriv('aes-256-gcm', okm.subarray(0, 32), iv, { authTagLength: 16 }).setAAD(a);
  const c = Buffer.concat([cipher.update(padded(message)), cipher.final()]);
  return { ciphertext: b64u(Buffer.concat([Buffer.of(1), S, okm.subarray(32), c])), iv: b64u(iv), tag: b64u(cipher.getAuthTag()) };
}
function open(key, place, envelope) {
  const [all, iv, tag, a] = [unb64u(envelope.ciphertext), unb64u(envelope.iv), unb64u(envelope.tag), enc(...place)];
  check(iv.length === 12 && tag.length === 16 && all.length >= 305 && all[0] === 1, 'not an envelope');
  const okm = hkdf(key, all.subarray(1, 17), sha(enc('zkv/1/env', a, iv)), 64);
  check(crypto.timingSafeEqual(okm.subarray(32), all.subarray(17, 49)), 'commitment');
  const decipher = crypto.createDecipheriv('aes-256-gcm', okm.subarray(0, 32), iv, { authTagLength: 16 }).setAAD(a).setAuthTag(tag);
  const plain = Buffer.concat([decipher.update(all.subarray(49)), decipher.final()]);
  const message = plain.subarray(
    0,
    plain.findLastIndex((byte) => byte !== 0),
  );
  check(padded(message).equals(plain), 'padding');
  return message;
}
const envHash = (e) => sha(enc('zkv/1/envhash', unb64u(e.ciphertext), unb64u(e.iv), unb64u(e.tag)));
const json = (value) => Buffer.from(JSON.stringify(value));
const at = () => new Date().toISOString();

// Section 8: the conversation.
let token;
async function call(method, path, body) {
  const headers = { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${baseUrl}/api/v1${path}`, { method, headers, redirect: 'error', ...(body && { body: JSON.stringify(body) }) });
  const answer = await response.json();
  check(response.ok, `${method} ${path}: ${response.status} ${answer.code}`);
  return answer;
}

const [accountId, vaultId, deviceId, entryId] = Array.from({ length: 4 }, () => crypto.randomUUID());
const login = `independent-${deviceId.slice(0, 8)}`,
  password = `${b64u(crypto.randomBytes(15))} says hello`;
const wrapPlace = (salt) => ['wrap/password', realm, uuid(accountId), login, PROFILE, 0, salt, 1];
const statePlace = ['acctstate', realm, uuid(accountId), 1, 0];
const vaultPlace = ['vaultkey', realm, uuid(accountId), uuid(vaultId), 1, 'owner'];
const manifestPlace = (seq) => ['manifest', realm, uuid(vaultId), 1, seq];
const manifest = (key, { seq, prev, root, count }) => ({
  seq,
  ...seal(
    key,
    manifestPlace(seq),
    json({
      vaultId,
      vkEpoch: 1,
      seq,
      prev: b64u(prev),
      root: b64u(root),
      count,
      writer: { accountId, deviceId },
      at: at(),
    }),
  ),
});

// Register: everything is made here, and the server gets only what is sealed.
{
  const [AK, VK, salt] = [crypto.randomBytes(32), crypto.randomBytes(32), crypto.randomBytes(16)];
  const { authKey, kekPw } = passwordKeys({ login, password, salt, profile: PROFILE });
  const first = manifest(sub(VK, 'zkv/1/vk/manifest'), { seq: 0, prev: ZERO, root: ZERO, count: 0 });
  const hash = b64u(envHash(first));
  const state = {
    v: 1,
    accountId,
    login,
    realm,
    kdfProfile: PROFILE,
    skFlag: 0,
    akEpoch: 1,
    seq: 0,
    prev: b64u(ZERO),
    vaults: [{ id: vaultId, vkEpoch: 1, role: 'owner', integrity: 'manifest', createdHash: hash, checkpoint: { seq: 0, hash } }],
    contacts: [],
    updatedBy: deviceId,
    updatedAt: at(),
  };
  await call('POST', '/auth/register', {
    accountId,
    login,
    profile: PROFILE,
    salt: b64u(salt),
    authKey: b64u(authKey),
    akEpoch: 1,
    wrap: seal(kekPw, wrapPlace(salt), AK),
    accountState: { seq: 0, ...seal(sub(AK, 'zkv/1/ak/state'), statePlace, json(state)) },
    vaults: [{ id: vaultId, integrity: 'manifest', role: 'owner', vkEpoch: 1, wrap: seal(sub(AK, 'zkv/1/ak/vault-wrap'), vaultPlace, VK), manifest: first }],
  });
}

// Log in, with nothing but login and password.
const { profile, salt } = await call('POST', '/auth/prelogin', { login });
const { authKey, kekPw } = passwordKeys({ login, password, salt: unb64u(salt), profile });
const session = await call('POST', '/auth/login', { login, authKey: b64u(authKey), transport: 'body', device: { id: deviceId, name: 'independent' } });
token = session.accessToken;
check(session.accountId === accountId && session.salt === salt && session.profile === profile, 'another account');
const AK = open(kekPw, wrapPlace(unb64u(salt)), session.wrap);
const state = JSON.parse(open(sub(AK, 'zkv/1/ak/state'), statePlace, session.accountState));
check(state.login === login && state.realm === realm && state.kdfProfile === profile && state.vaults[0].id === vaultId, 'account state');
const VK = open(sub(AK, 'zkv/1/ak/vault-wrap'), vaultPlace, session.vaults[0].wrap);
const manifestKey = sub(VK, 'zkv/1/vk/manifest'),
  entryKey = sub(VK, 'zkv/1/vk/entry');

// Write an entry. Section 6: with at most 16 leaves the tree is one node.
const entryPlace = ['entry', realm, uuid(vaultId), 1, uuid(entryId), 1, 1];
const leaf = (envelope) => sha(Buffer.of(0), enc('leaf', uuid(entryId), 1, 1, envHash(envelope)));
const rootOf = (...leaves) => sha(Buffer.of(1), ...leaves);
const content = {
  type: 'note',
  title: 'Written from the wire spec alone',
  notes: 'and read back',
  favorite: false,
  tags: [],
  fields: [],
  createdAt: at(),
  updatedAt: at(),
};
const sealed = seal(entryKey, entryPlace, json(content));
const prev = envHash(session.vaults[0].manifest);
check(b64u(prev) === state.vaults[0].checkpoint.hash, 'manifest 0');
await call('POST', `/vaults/${vaultId}/commits`, {
  baseSeq: 0,
  operations: [{ op: 'put', id: entryId, version: 1, vkEpoch: 1, schema: 1, ...sealed }],
  manifest: manifest(manifestKey, { seq: 1, prev, root: rootOf(leaf(sealed)), count: 1 }),
});

// Read it back, and believe only what the manifest swears.
const page = await call('GET', `/vaults/${vaultId}/changes?since=0`);
const head = JSON.parse(open(manifestKey, manifestPlace(1), page.manifest));
check(head.seq === 1 && head.prev === b64u(prev) && page.entries.length === head.count && page.nextSince === null, 'manifest');
check(head.root === b64u(rootOf(leaf(page.entries[0]))) && page.entries[0].id === entryId, 'manifest root');
const read = JSON.parse(open(entryKey, entryPlace, page.entries[0]));
console.log(JSON.stringify({ login, password, entryId, title: read.title, notes: read.notes }));
