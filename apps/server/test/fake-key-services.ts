/**
 * @file Fakes of the three services that wrap a key, spoken to over HTTP on the loopback: each keeps to the
 * documented API as far as it is used, checks what it is sent, and can be told to misbehave.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is answered instead of the truth, or undefined for that. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** A fake that listens. */
export interface FakeService {
  readonly url: string;
  /** Paths asked for so far. */
  readonly asked: string[];
  misbehave: Misbehaviour | undefined;
  close(): Promise<void>;
}

/** An answer of a fake. */
interface Answer {
  readonly status: number;
  readonly body: object;
}

type Handler = (request: IncomingMessage, body: string) => Answer;

async function serve(handler: Handler): Promise<FakeService> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => {
      service.asked.push(request.url ?? '');
      if (service.misbehave !== undefined) {
        service.misbehave(request, response);
        return;
      }
      const answer = handler(request, body);
      response
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const service: FakeService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    misbehave: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return service;
}

/** A key inside a service, under which it seals. */
function makeSecretKey() {
  const key = randomBytes(32);
  return {
    seal(plaintext: Uint8Array): Buffer {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed: Buffer): Buffer | undefined {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
        decipher.setAuthTag(sealed.subarray(-16));
        return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

/** Vault with a transit engine at `transit/` and one key. */
export function fakeVault(expected: { readonly token: string; readonly key: string }): Promise<FakeService> {
  const secret = makeSecretKey();
  return serve((request, text) => {
    if (request.headers['x-vault-token'] !== expected.token)
      return { status: 403, body: { errors: ['permission denied'] } };
    const body = JSON.parse(text) as { plaintext?: string; ciphertext?: string };
    if (request.url === `/v1/transit/encrypt/${expected.key}`) {
      const sealed = secret.seal(Buffer.from(body.plaintext ?? '', 'base64'));
      return {
        status: 200,
        body: { data: { ciphertext: `vault:v1:${sealed.toString('base64')}`, key_version: 1 } },
      };
    }
    if (request.url === `/v1/transit/decrypt/${expected.key}`) {
      const opened = secret.open(Buffer.from((body.ciphertext ?? '').slice('vault:v1:'.length), 'base64'));
      return opened === undefined
        ? { status: 400, body: { errors: ['cipher: message authentication failed'] } }
        : { status: 200, body: { data: { plaintext: opened.toString('base64') } } };
    }
    return { status: 404, body: { errors: ['no handler for route'] } };
  });
}

/** KMS with one key; it computes the signature of each request anew. */
export function fakeKms(expected: {
  readonly secretAccessKey: string;
  readonly keyId: string;
}): Promise<FakeService> {
  const secret = makeSecretKey();
  return serve((request, text) => {
    const refuse = (type: string): Answer => ({
      status: 400,
      body: { __type: `com.amazonaws.kms#${type}`, message: 'refused' },
    });
    if (!isSignedBy(expected.secretAccessKey, request, text)) return refuse('InvalidSignatureException');
    const body = JSON.parse(text) as Record<string, string>;
    if (body['KeyId'] !== expected.keyId) return refuse('NotFoundException');
    const context = Buffer.from(JSON.stringify(body['EncryptionContext']));
    if (request.headers['x-amz-target'] === 'TrentService.Encrypt') {
      const sealed = secret.seal(Buffer.concat([context, Buffer.from(body['Plaintext'] ?? '', 'base64')]));
      return { status: 200, body: { CiphertextBlob: sealed.toString('base64'), KeyId: expected.keyId } };
    }
    const opened = secret.open(Buffer.from(body['CiphertextBlob'] ?? '', 'base64'));
    if (opened === undefined || !opened.subarray(0, context.length).equals(context))
      return refuse('InvalidCiphertextException');
    const plaintext = opened.subarray(context.length).toString('base64');
    return { status: 200, body: { Plaintext: plaintext, KeyId: expected.keyId } };
  });
}

/** Signature Version 4, written a second time from its description. */
function isSignedBy(secretAccessKey: string, request: IncomingMessage, body: string): boolean {
  const authorization = request.headers.authorization ?? '';
  const [, place = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? [];
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  const mac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  let canonical = `POST\n${request.url}\n\n`;
  for (const name of names.split(';')) canonical += `${name}:${String(request.headers[name])}\n`;
  canonical += `\n${names}\n${digest(body)}`;
  const toSign = `AWS4-HMAC-SHA256\n${String(request.headers['x-amz-date'])}\n${place}\n${digest(canonical)}`;
  const [day = '', region = '', service = '', end = ''] = place.split('/');
  const key = mac(mac(mac(mac(`AWS4${secretAccessKey}`, day), region), service), end);
  const covers = ['host', 'x-amz-date', 'x-amz-target'].every((name) => names.split(';').includes(name));
  return covers && signature === mac(key, toSign).toString('hex');
}

/** Key Vault with one key, and the place that gives out tokens for it. */
export function fakeKeyVault(expected: {
  readonly clientId: string;
  readonly clientSecret: string;
}): Promise<FakeService> {
  const secret = makeSecretKey();
  const token = randomBytes(24).toString('base64url');
  return serve((request, text) => {
    if (request.url === '/a-tenant/oauth2/v2.0/token') {
      const form = new URLSearchParams(text);
      const fits =
        form.get('grant_type') === 'client_credentials' &&
        form.get('client_id') === expected.clientId &&
        form.get('client_secret') === expected.clientSecret &&
        form.get('scope') === 'https://vault.azure.net/.default';
      return fits
        ? { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: token } }
        : { status: 401, body: { error: 'invalid_client' } };
    }
    if (request.headers.authorization !== `Bearer ${token}`) return { status: 401, body: { error: {} } };
    const { alg, value = '' } = JSON.parse(text) as { alg?: string; value?: string };
    const [, verb] =
      /^\/keys\/ring\/0a1b2c\/(wrapkey|unwrapkey)\?api-version=7\.4$/.exec(request.url ?? '') ?? [];
    if (verb === undefined) return { status: 404, body: { error: { code: 'KeyNotFound' } } };
    const bytes = Buffer.from(value, 'base64url');
    const result = verb === 'wrapkey' ? secret.seal(bytes) : secret.open(bytes);
    return result === undefined || alg !== 'RSA-OAEP-256'
      ? { status: 400, body: { error: { code: 'BadParameter' } } }
      : { status: 200, body: { kid: 'ring', value: result.toString('base64url') } };
  });
}
