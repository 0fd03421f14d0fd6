/** @file AWS KMS. https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html */
import { type AwsCredentials, signAwsRequest } from './aws-signature.ts';
import { type KeyProvider, KeyProviderError, type KeyProviderFault } from './key-provider.ts';
import { bytesIn, callProvider, isObject } from './provider-call.ts';

/** How KMS is reached. */
export interface AwsKmsSettings {
  readonly kind: 'aws-kms';
  readonly region: string;
  /** With no path; that of the region unless something else is named. */
  readonly endpoint: string;
  /** ARN, id or alias of a symmetric key. */
  readonly keyId: string;
  readonly credentials: AwsCredentials;
  readonly timeoutMs?: number;
}

const NAME = 'AWS KMS';
/** Authenticated by KMS: a key wrapped for something else does not open here. */
const ENCRYPTION_CONTEXT = { 'zkvault:purpose': 'server-keys' } as const;

/** KMS answers 400 for nearly everything; these are told apart, all others go by their status. */
const FAULTS: Readonly<Record<string, KeyProviderFault>> = {
  AccessDeniedException: 'refused',
  UnrecognizedClientException: 'refused',
  InvalidSignatureException: 'refused',
  ExpiredTokenException: 'refused',
  InvalidClientTokenId: 'refused',
  NotFoundException: 'not-found',
  DisabledException: 'not-found',
  KMSInvalidStateException: 'not-found',
  KeyUnavailableException: 'busy',
  ThrottlingException: 'busy',
  LimitExceededException: 'busy',
  InvalidCiphertextException: 'wrong-key',
  IncorrectKeyException: 'wrong-key',
};

/** Makes the provider. */
export function makeAwsKms(settings: AwsKmsSettings): KeyProvider {
  const { region, endpoint, keyId, credentials, timeoutMs } = settings;
  const ask = async (action: 'Encrypt' | 'Decrypt', more: object, wished: string): Promise<Uint8Array> => {
    const url = new URL('/', endpoint);
    const body = JSON.stringify({ KeyId: keyId, EncryptionContext: ENCRYPTION_CONTEXT, ...more });
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `TrentService.${action}`,
    };
    const document = await callProvider({
      provider: NAME,
      url: url.href,
      headers: signAwsRequest({ method: 'POST', url, headers, body }, credentials, {
        region,
        service: 'kms',
        now: new Date(),
      }),
      body,
      timeoutMs,
      faultOf: (_status, answer) => faultOf(answer),
    });
    const bytes = bytesIn(document[wished], 'base64');
    if (bytes === undefined) throw new KeyProviderError(NAME, 'unusable-answer');
    return bytes;
  };
  return {
    id: settings.kind,
    wrap: (key) => ask('Encrypt', { Plaintext: Buffer.from(key).toString('base64') }, 'CiphertextBlob'),
    unwrap: (wrapped) =>
      ask('Decrypt', { CiphertextBlob: Buffer.from(wrapped).toString('base64') }, 'Plaintext'),
  };
}

function faultOf(answer: unknown): KeyProviderFault | undefined {
  const type = isObject(answer) ? answer['__type'] : undefined;
  const name = typeof type === 'string' ? type.slice(type.lastIndexOf('#') + 1) : '';
  return Object.hasOwn(FAULTS, name) ? FAULTS[name] : undefined;
}
