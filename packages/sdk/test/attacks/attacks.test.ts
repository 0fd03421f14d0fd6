/** @file The attacks of the adversary list that a client must beat, in Node; `attacks.browser.test.ts` has the same in Chromium. */
import { describe, it } from 'vitest';
import { keyAttacks } from './key-attacks.ts';
import { loginAttacks } from './login-attacks.ts';
import { vaultAttacks } from './vault-attacks.ts';

const attacks = [...loginAttacks, ...keyAttacks, ...vaultAttacks];

describe('the client, attacked by', () => {
  it.for(attacks.map(({ id, title, run }) => [`${id} ${title}`, run] as const))(
    '%s',
    { timeout: 60_000 },
    ([, expectBeaten]) => expectBeaten(),
  );
});
