/**
 * @file HashiCorp Vault's (and OpenBao's) transit engine.
 * https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
import { type KeyProvider, KeyProviderError } from './key-provider.ts';
import { bytesIn, callProvider, isObject } from './provider-call.ts';

/** How the engine is reached. */
export interface VaultTransitSettings {
  readonly kind: 'vault-transit';
  /** Where Vault is, without a slash at the end. */
  readonly address: string;
  readonly token: string;
  readonly namespace: string | undefined;
  /** Path of the engine; `transit` unless it was mounted elsewhere. */
  readonly mount: string;
  readonly key: string;
  readonly timeoutMs?: number;
}

const NAME = 'HashiCorp Vault';
/** What Vault writes before its ciphertext: the version of the key. */
const CIPHERTEXT = /^vault:v[1-9]\d{0,8}:[A-Za-z0-9+/]+={0,2}$/;

/** Makes the provider. */
export function makeVaultTransit(settings: VaultTransitSettings): KeyProvider {
  const { address, token, namespace, mount, key, timeoutMs } = settings;
  const ask = async (verb: 'encrypt' | 'decrypt', body: object, wished: string): Promise<string> => {
    const document = await callProvider({
      provider: NAME,
      url: `${address}/v1/${mount}/${verb}/${encodeURIComponent(key)}`,
      headers: {
        'content-type': 'application/json',
        'x-vault-token': token,
        'x-vault-request': 'true',
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
      },
      body: JSON.stringify(body),
      timeoutMs,
      // 404 is an engine that is not mounted; sealed and standby servers answer with 5xx.
      faultOf: (status) => (status === 400 && verb === 'encrypt' ? 'not-found' : undefined),
    });
    const value = isObject(document['data']) ? document['data'][wished] : undefined;
    if (typeof value !== 'string') throw new KeyProviderError(NAME, 'unusable-answer');
    return value;
  };
  return {
    id: settings.kind,
    async wrap(bytes) {
      const plaintext = Buffer.from(bytes).toString('base64');
      const ciphertext = await ask('encrypt', { plaintext }, 'ciphertext');
      if (ciphertext.length > 4_096 || !CIPHERTEXT.test(ciphertext))
        throw new KeyProviderError(NAME, 'unusable-answer');
      return new Uint8Array(Buffer.from(ciphertext, 'utf8'));
    },
    async unwrap(wrapped) {
      const ciphertext = Buffer.from(wrapped).toString('utf8');
      const bytes = bytesIn(await ask('decrypt', { ciphertext }, 'plaintext'), 'base64');
      if (bytes === undefined) throw new KeyProviderError(NAME, 'unusable-answer');
      return bytes;
    },
  };
}
