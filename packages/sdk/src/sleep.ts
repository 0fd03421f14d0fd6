/** @file Waiting, as long as nobody minds. */
import { abortable } from './response-body.ts';

/** Waits. @throws the signal's reason, as soon as it aborts. */
export async function sleep(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, waitMs);
  });
  try {
    await (signal === undefined ? elapsed : abortable(elapsed, signal));
  } finally {
    clearTimeout(timer);
  }
}
