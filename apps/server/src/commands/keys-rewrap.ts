/** @file `keys rewrap`: seals under the newest key what can be sealed anew without its owner. */
import { loadConfig } from '../config.ts';
import { resealSeeds } from '../features/second-factor/reseal-service.ts';
import { keyRingOf } from '../server-secrets.ts';
import { type CommandContext, withDatabase } from './command.ts';

/** Reseals, also beside a running server. @returns 1 if something did not open. */
export async function rewrapSecrets({ env, out, err }: CommandContext): Promise<number> {
  const config = loadConfig(env);
  const keyRing = await keyRingOf(config);
  const { resealed, unopened } = await withDatabase(config, (db) => resealSeeds(db, keyRing));
  out(`${resealed} seeds of second factors were sealed under ${keyRing.ids[0] ?? ''}.\n`);
  if (unopened === 0) return 0;
  err(`${unopened} do not open: their key is not in the ring, or the rows were altered.\n`);
  return 1;
}
