/**
 * @file One call to a provider: no redirect is followed, the wait and the answer are bounded, and nothing
 * of the request or the answer gets into an error.
 */
import { KeyProviderError, type KeyProviderFault } from './key-provider.ts';

const MAX_ANSWER_BYTES = 65_536;
const TIMEOUT_MS = 10_000;

/** A call. */
export interface ProviderCall {
  /** Name of the provider, for people. */
  readonly provider: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs?: number | undefined;
  /** Tells a refusal that the status alone does not; the document is untrusted. */
  readonly faultOf?: (status: number, document: unknown) => KeyProviderFault | undefined;
}

/**
 * Posts and reads a JSON object.
 *
 * @throws {KeyProviderError} whatever goes wrong.
 */
export async function callProvider(call: ProviderCall): Promise<Readonly<Record<string, unknown>>> {
  const { provider } = call;
  // One clock for connecting and reading: a provider that dribbles is late as well.
  const signal = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS);
  let status: number;
  let text: string;
  try {
    const response = await fetch(call.url, {
      method: 'POST',
      redirect: 'error',
      headers: { ...call.headers },
      body: call.body,
      signal,
    });
    status = response.status;
    text = await readBounded(response);
  } catch (error) {
    // Errors of fetch may quote a header or an address: what they say is put into our own words.
    if (error instanceof RangeError) throw new KeyProviderError(provider, 'unusable-answer');
    throw new KeyProviderError(provider, signal.aborted ? 'timed-out' : 'unreachable');
  }
  const document = parseObject(text);
  if (status !== 200)
    throw new KeyProviderError(provider, call.faultOf?.(status, document) ?? faultOfStatus(status));
  if (document === undefined) throw new KeyProviderError(provider, 'unusable-answer');
  return document;
}

function faultOfStatus(status: number): KeyProviderFault {
  if (status === 401 || status === 403) return 'refused';
  if (status === 404) return 'not-found';
  if (status === 400) return 'wrong-key';
  return status === 429 || status >= 500 ? 'busy' : 'unusable-answer';
}

async function readBounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) throw new RangeError('the answer is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const document: unknown = JSON.parse(text);
    return isObject(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

/** True for what is an object in JSON. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const BASE64 = { base64: /^[A-Za-z0-9+/]+={0,2}$/, base64url: /^[A-Za-z0-9_-]+$/ } as const;

/**
 * Bytes out of an answer.
 *
 * @param value untrusted.
 * @returns undefined if it is not canonical base64 or base64url of 1 to 6,144 bytes.
 */
export function bytesIn(value: unknown, encoding: 'base64' | 'base64url'): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length > 8_192 || !BASE64[encoding].test(value)) return undefined;
  const bytes = Buffer.from(value, encoding);
  return bytes.toString(encoding) === value ? new Uint8Array(bytes) : undefined;
}
