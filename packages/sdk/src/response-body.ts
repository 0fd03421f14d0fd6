/** @file Reads the body of an answer that may be anything: bounded in size and time, strict in form. */
import { parseStrictJson, StrictJsonError } from '@zkvault/contract';
import { concatBytes, ProtocolError } from '@zkvault/crypto-core';
import { TransportError } from './errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a body as strict JSON.
 *
 * @param response untrusted.
 * @param limits.mediaType the only `Content-Type` that passes; a `charset=utf-8` beside it is fine.
 * @param limits.maxBytes after content decoding; reading stops there.
 * @throws {ProtocolError} `response-malformed`: another media type, not UTF-8, not strict JSON.
 * @throws {TransportError} `response-too-large`.
 */
export async function readJsonBody(
  response: Response,
  limits: { readonly mediaType: string; readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<unknown> {
  if (!hasMediaType(response, limits.mediaType)) {
    await discardBody(response);
    throw new ProtocolError('response-malformed', `the answer is not ${limits.mediaType}`);
  }
  const bytes = await readBytes(response, limits);
  try {
    return parseStrictJson(decoder.decode(bytes));
  } catch (error) {
    // TypeError is what a fatal TextDecoder throws.
    if (error instanceof StrictJsonError || error instanceof TypeError)
      throw new ProtocolError('response-malformed', 'the answer is not strict JSON');
    throw error;
  }
}

/** True if the answer says it is of this media type, in UTF-8. */
export function hasMediaType(response: Response, mediaType: string): boolean {
  const [type, ...parameters] = (response.headers.get('content-type') ?? '').toLowerCase().split(';');
  return (
    type!.trim() === mediaType && parameters.every((parameter) => /^\s*charset="?utf-8"?\s*$/.test(parameter))
  );
}

/** Lets go of a body nobody reads, so that its connection is free. */
export async function discardBody(response: Response): Promise<void> {
  // A body that failed already rejects here too; that it is gone is all that is wanted.
  await response.body?.cancel().catch(() => undefined);
}

async function readBytes(
  response: Response,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array(0);
  const reader = response.body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await abortable(reader.read(), signal);
    if (done) return concatBytes(...parts);
    length += value.length;
    if (length > maxBytes) {
      // The rest is not awaited: it may never come.
      reader.cancel().catch(() => undefined);
      throw new TransportError('response-too-large', `the answer has more than ${maxBytes} bytes`);
    }
    parts.push(value);
  }
}

/** Waits for a promise, but no longer than a signal allows; rejects with the signal's reason. */
export function abortable<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
