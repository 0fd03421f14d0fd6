/** @file Sealing every seed under the newest key of the ring, so that an older one can be taken out. */
import type { Db } from '../../db/schema.ts';
import type { KeyRing } from '../../lib/key-ring.ts';
import { makeSealerAtRest } from '../../lib/sealed-at-rest.ts';
import { listSeedsNotUnder, replaceSealedSeed } from './store.ts';

/** What became of the seeds that were not under the newest key. */
export interface ResealedSeeds {
  readonly resealed: number;
  /** Seeds that do not open: their key is not in the ring, or the row was altered. */
  readonly unopened: number;
}

const PAGE = 200;
const BEFORE_EVERY_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Reseals, while the server runs. A one-time password that is checked at the very moment in which its seed
 * is resealed is refused and stays good.
 */
export async function resealSeeds(db: Db, keyRing: KeyRing): Promise<ResealedSeeds> {
  const sealer = makeSealerAtRest(keyRing, 'totp-seed');
  const newest = keyRing.newest('totp-seed').id;
  let resealed = 0;
  let unopened = 0;
  for (let after = BEFORE_EVERY_ID; ; ) {
    const page = await listSeedsNotUnder(db, newest, { after, limit: PAGE });
    for (const row of page) {
      const seed = openOrNothing(() =>
        sealer.open(row.user_id, { keyId: row.key_id, sealed: row.sealed_seed }),
      );
      if (seed === undefined) unopened += 1;
      else if (await replaceSealedSeed(db, row, sealer.seal(row.user_id, seed))) resealed += 1;
      seed?.fill(0);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return { resealed, unopened };
    after = last.user_id;
  }
}

/** One seed that does not open keeps none of the others from being resealed. */
function openOrNothing(open: () => Uint8Array): Uint8Array | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}
