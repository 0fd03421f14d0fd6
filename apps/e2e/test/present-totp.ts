/** @file One-time passwords that are still right when they arrive. */
import { setTimeout as sleep } from 'node:timers/promises';
import { makeOneTimePassword, TOTP_STEP_SECONDS } from '../../server/src/lib/one-time-password.ts';

const STEP_MS = TOTP_STEP_SECONDS * 1_000;
/** What a busy machine may need to use one. */
const NEEDED_MS = 10_000;

/** The password of now; near the end of its step, that of the next one, once it has begun. */
export async function presentTotp(seed: Uint8Array): Promise<string> {
  const leftMs = STEP_MS - (Date.now() % STEP_MS);
  if (leftMs < NEEDED_MS) await sleep(leftMs);
  return makeOneTimePassword(seed, Math.floor(Date.now() / STEP_MS));
}
