/**
 * @file Azure Key Vault: an RSA key that wraps, reached as a service principal.
 * https://learn.microsoft.com/rest/api/keyvault/keys/unwrap-key
 */
import { type KeyProvider, KeyProviderError } from './key-provider.ts';
import { bytesIn, callProvider } from './provider-call.ts';

/** How the key is reached. */
export interface AzureKeyVaultSettings {
  readonly kind: 'azure-key-vault';
  /** `https://<vault>.vault.azure.net/keys/<name>/<version>`. */
  readonly keyUrl: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where tokens come from, without a slash at the end. */
  readonly authority: string;
  readonly timeoutMs?: number;
}

const NAME = 'Azure Key Vault';
const API_VERSION = '7.4';
const ALGORITHM = 'RSA-OAEP-256';

/** Makes the provider. A token is asked for at each call: there is one at boot. */
export function makeAzureKeyVault(settings: AzureKeyVaultSettings): KeyProvider {
  const ask = async (verb: 'wrapkey' | 'unwrapkey', bytes: Uint8Array): Promise<Uint8Array> => {
    const token = await fetchToken(settings);
    const document = await callProvider({
      provider: NAME,
      url: `${settings.keyUrl}/${verb}?api-version=${API_VERSION}`,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ alg: ALGORITHM, value: Buffer.from(bytes).toString('base64url') }),
      timeoutMs: settings.timeoutMs,
    });
    const value = bytesIn(document['value'], 'base64url');
    if (value === undefined) throw new KeyProviderError(NAME, 'unusable-answer');
    return value;
  };
  return {
    id: settings.kind,
    wrap: (key) => ask('wrapkey', key),
    unwrap: (wrapped) => ask('unwrapkey', wrapped),
  };
}

async function fetchToken(settings: AzureKeyVaultSettings): Promise<string> {
  const document = await callProvider({
    provider: NAME,
    url: `${settings.authority}/${encodeURIComponent(settings.tenantId)}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: settings.clientId,
      client_secret: settings.clientSecret,
      scope: scopeOf(settings.keyUrl),
    }).toString(),
    timeoutMs: settings.timeoutMs,
    // A wrong secret or tenant is a 400 or a 401 here, and never a matter of the key.
    faultOf: (status) => (status === 400 ? 'refused' : undefined),
  });
  const token = document['access_token'];
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,16384}$/.test(token))
    throw new KeyProviderError(NAME, 'unusable-answer');
  return token;
}

/** The cloud that the vault is in: `vault.azure.net`, or that of a sovereign one. */
function scopeOf(keyUrl: string): string {
  const [, cloud = 'vault.azure.net'] = /^[^.]+\.(vault\..+)$/.exec(new URL(keyUrl).hostname) ?? [];
  return `https://${cloud}/.default`;
}
