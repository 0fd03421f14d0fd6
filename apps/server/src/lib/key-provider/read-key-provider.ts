/** @file The variables that name a provider. Secrets among them may come as `NAME_FILE`, as everywhere. */
import type { EnvironmentReader } from '../environment.ts';
import { anyText, oneOf } from '../parse-setting.ts';
import { type AwsKmsSettings, makeAwsKms } from './aws-kms.ts';
import { type AzureKeyVaultSettings, makeAzureKeyVault } from './azure-key-vault.ts';
import type { KeyProvider } from './key-provider.ts';
import { makeVaultTransit, type VaultTransitSettings } from './vault-transit.ts';

/** How the provider is reached. */
export type KeyProviderSettings = VaultTransitSettings | AwsKmsSettings | AzureKeyVaultSettings;

/** The words of `SERVER_KEYS_PROVIDER`: the first two have the ring as it is, the others wrapped. */
export type KeyProviderKind = 'env' | 'file' | KeyProviderSettings['kind'];

/** Every word of `SERVER_KEYS_PROVIDER`. */
export const KEY_PROVIDER_KINDS: readonly KeyProviderKind[] = [
  'env',
  'file',
  'vault-transit',
  'aws-kms',
  'azure-key-vault',
];

/** Makes a provider from its settings. */
export function makeKeyProvider(settings: KeyProviderSettings): KeyProvider {
  if (settings.kind === 'vault-transit') return makeVaultTransit(settings);
  return settings.kind === 'aws-kms' ? makeAwsKms(settings) : makeAzureKeyVault(settings);
}

/** Reads which provider there is; `env` where none is named. */
export function readKeyProviderKind(env: EnvironmentReader): KeyProviderKind {
  return env.read<KeyProviderKind, KeyProviderKind>(
    {
      name: 'SERVER_KEYS_PROVIDER',
      wish: `must be one of ${KEY_PROVIDER_KINDS.join(', ')}`,
      parse: oneOf(KEY_PROVIDER_KINDS),
    },
    'env',
  );
}

/** Reads the settings of a provider; a missing one is noted. @returns undefined for `env` and `file`. */
export function readKeyProvider(
  env: EnvironmentReader,
  kind: KeyProviderKind,
): KeyProviderSettings | undefined {
  if (kind === 'vault-transit') return readVaultTransit(env);
  if (kind === 'aws-kms') return readAwsKms(env);
  return kind === 'azure-key-vault' ? readAzureKeyVault(env) : undefined;
}

function readVaultTransit(env: EnvironmentReader): VaultTransitSettings {
  return {
    kind: 'vault-transit',
    address: need(env, 'VAULT_ADDR', SERVICE_WISH, serviceUrl),
    token: need(env, 'VAULT_TOKEN', HEADER_WISH, headerText),
    namespace: env.read({ name: 'VAULT_NAMESPACE', wish: HEADER_WISH, parse: headerText }, undefined),
    mount: env.read(
      { name: 'VAULT_TRANSIT_MOUNT', wish: 'must be the path of a transit engine', parse: mountPath },
      'transit',
    ),
    key: need(env, 'VAULT_TRANSIT_KEY', 'must be the name of a key', keyName),
  };
}

function readAwsKms(env: EnvironmentReader): AwsKmsSettings {
  const region = need(env, 'AWS_REGION', 'must be a region such as eu-central-1', regionName);
  return {
    kind: 'aws-kms',
    region,
    endpoint: env.read(
      { name: 'AWS_ENDPOINT_URL_KMS', wish: SERVICE_WISH, parse: serviceUrl },
      `https://kms.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`,
    ),
    keyId: need(env, 'AWS_KMS_KEY_ID', 'must be the ARN, id or alias of a key', headerText),
    credentials: {
      accessKeyId: need(env, 'AWS_ACCESS_KEY_ID', HEADER_WISH, headerText),
      secretAccessKey: need(env, 'AWS_SECRET_ACCESS_KEY', HEADER_WISH, headerText),
      sessionToken: env.read({ name: 'AWS_SESSION_TOKEN', wish: HEADER_WISH, parse: headerText }, undefined),
    },
  };
}

function readAzureKeyVault(env: EnvironmentReader): AzureKeyVaultSettings {
  return {
    kind: 'azure-key-vault',
    keyUrl: need(env, 'AZURE_KEY_VAULT_KEY_URL', `${SERVICE_WISH} that ends in /keys/NAME/VERSION`, keyUrl),
    tenantId: need(env, 'AZURE_TENANT_ID', 'must be the id or domain of a tenant', keyName),
    clientId: need(env, 'AZURE_CLIENT_ID', 'must be the id of an application', keyName),
    clientSecret: need(env, 'AZURE_CLIENT_SECRET', 'must be text', anyText),
    authority: env.read(
      { name: 'AZURE_AUTHORITY_HOST', wish: SERVICE_WISH, parse: serviceUrl },
      'https://login.microsoftonline.com',
    ),
  };
}

const SERVICE_WISH = 'must be an https:// URL (http:// on the loopback only) without credentials or query';
const HEADER_WISH = 'must be text of visible ASCII characters';

function need(
  env: EnvironmentReader,
  name: string,
  wish: string,
  parse: (text: string) => string | undefined,
): string {
  const value = env.read({ name, wish, parse }, undefined);
  if (value === undefined && !env.hasRefused(name)) env.refuse(`${name}: is missing; it ${wish}`);
  return value ?? '';
}

/** Node puts a header that it does not take into the error's message: so none such gets that far. */
function headerText(text: string): string | undefined {
  return /^[\x21-\x7e]{1,16384}$/.test(text) ? text : undefined;
}

function keyName(text: string): string | undefined {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(text) ? text : undefined;
}

function regionName(text: string): string | undefined {
  return /^[a-z0-9-]{2,32}$/.test(text) ? text : undefined;
}

function mountPath(text: string): string | undefined {
  return /^[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)*$/.test(text) ? text : undefined;
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** @returns the URL without a slash at its end. */
function serviceUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  if (url.search !== '' || url.hash !== '' || /[?#]$/.test(text)) return undefined;
  const isPrivate = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname));
  return isPrivate ? url.href.replace(/\/$/, '') : undefined;
}

function keyUrl(text: string): string | undefined {
  const url = serviceUrl(text);
  const [version = '', name = '', folder] = (url ?? '').split('/').toReversed();
  const isKey =
    folder === 'keys' && /^[A-Za-z0-9-]{1,127}$/.test(name) && /^[A-Za-z0-9]{1,64}$/.test(version);
  return isKey ? url : undefined;
}
