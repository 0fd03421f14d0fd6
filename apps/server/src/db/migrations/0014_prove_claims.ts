import { type Kysely, sql } from 'kysely';

/**
 * Lets a transaction prove who asks without waiting for the answer: the function fails, and with it everything
 * that was sent behind it, unless what it is given is true (docs/adr/0035-fewer-round-trips.md). What that is, is
 * asked where it is asked elsewhere, too: `db/live-session.ts`.
 *
 * The code of the error is that of HTTP.
 *
 * Lock: none. Rollback: drop the function.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function prove_claim(holds boolean) returns void language plpgsql as $$
    begin
      if holds is not true then
        raise exception 'the claim does not hold' using errcode = 'ZV401';
      end if;
    end $$`.execute(db);
}
