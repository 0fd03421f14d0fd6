// The shortest honest client: plain Node, no package of ours, its own format on the plain surface.
// It registers, logs in, writes a sealed entry, reads it back and changes it, from docs/protocol.md alone.
// Usage: node plain-client.mjs http://localhost:4000   (Node 22 or newer)
import * as crypto from 'node:crypto';

const baseUrl = process.argv[2] ?? 'http://localhost:4000';
const realm = new URL(baseUrl).host;
const b64u = (bytes) => Buffer.from(bytes).toString('base64url');
const hkdf = (key, salt, info) => Buffer.from(crypto.hkdfSync('sha256', key, salt, info, 32));
const sha = (bytes) => crypto.createHash('sha256').update(bytes).digest();
const int = (value) => Buffer.from(value.toString(16).padStart(16, '0'), 'hex');
const field = (value) => [int(Buffer.byteLength(value)).subarray(4), Buffer.from(value)];
const enc = (...fields) => Buffer.concat([Buffer.from('ZKV1'), ...fields.flatMap(field)]);

// Sections 2 and 3 of the protocol: profile 2, no Secret Key. The server sees authKey and never the rest.
function deriveKeys(login, password, salt) {
  const effSalt = sha(enc('zkv/1/salt', realm, login, salt));
  const stretched = crypto.pbkdf2Sync(password.normalize('NFKC'), effSalt, 600_000, 32, 'sha256');
  const root = hkdf(stretched, Buffer.alloc(32), sha(enc('zkv/1/root', realm, login, int(2), int(0))));
  return { authKey: hkdf(root, '', 'zkv/1/auth'), entryKey: hkdf(root, '', 'example.org/entry') };
}

// A format of our own: a fresh key per envelope, and the entry's id authenticated, so that none can be swapped.
function seal(key, id, text) {
  const [salt, iv] = [crypto.randomBytes(16), crypto.randomBytes(12)];
  const cipher = crypto.createCipheriv('aes-256-gcm', hkdf(key, salt, 'seal'), iv).setAAD(Buffer.from(id));
  const body = Buffer.concat([salt, cipher.update(text, 'utf8'), cipher.final()]);
  return { ciphertext: b64u(body), iv: b64u(iv), tag: b64u(cipher.getAuthTag()) };
}
function open(key, id, envelope) {
  const [body, iv, tag] = ['ciphertext', 'iv', 'tag'].map((name) => Buffer.from(envelope[name], 'base64url'));
  const decipher = crypto
    .createDecipheriv('aes-256-gcm', hkdf(key, body.subarray(0, 16), 'seal'), iv, { authTagLength: 16 })
    .setAAD(Buffer.from(id))
    .setAuthTag(tag);
  return Buffer.concat([decipher.update(body.subarray(16)), decipher.final()]).toString('utf8');
}

async function call(method, path, body, headers = {}) {
  const init = { method, redirect: 'error', headers: { 'content-type': 'application/json', ...headers } };
  const response = await fetch(`${baseUrl}/api/v1${path}`, body ? { ...init, body: JSON.stringify(body) } : init);
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${answer.status} ${answer.code}`);
  return answer;
}

const login = `plain-${crypto.randomUUID().slice(0, 8)}`;
const password = `${b64u(crypto.randomBytes(15))} says hello`;
const salt = crypto.randomBytes(16);
const registered = deriveKeys(login, password, salt);
const account = { accountId: crypto.randomUUID(), login, profile: 2, salt: b64u(salt) };
await call('POST', '/auth/register', { ...account, authKey: b64u(registered.authKey) });

const known = await call('POST', '/auth/prelogin', { login });
if (known.profile !== 2) throw new Error('the server asks for another KDF profile');
const { authKey, entryKey } = deriveKeys(login, password, Buffer.from(known.salt, 'base64url'));
const device = { id: crypto.randomUUID(), name: 'plain client' };
const session = await call('POST', '/auth/login', { login, authKey: b64u(authKey), transport: 'body', device });
const bearer = { authorization: `Bearer ${session.accessToken}` };

const id = crypto.randomUUID();
await call('POST', '/entries', { id, ...seal(entryKey, id, 'written from the wire spec alone') }, bearer);
const read = open(entryKey, id, await call('GET', `/entries/${id}`, undefined, bearer));
const changed = seal(entryKey, id, `${read}, and changed`);
await call('PUT', `/entries/${id}`, changed, { ...bearer, 'if-match': '"1"' });
const { items } = await call('GET', '/entries', undefined, bearer);
console.log(JSON.stringify({ login, id, text: open(entryKey, items[0].id, items[0]), version: items[0].version }));
