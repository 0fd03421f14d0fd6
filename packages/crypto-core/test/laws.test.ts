import { describe, expect, it } from 'vitest';
import {
  flippedBitsAreRefused,
  openUndoesSeal,
  otherLengthsAreRefused,
  otherPlacesAreRefused,
} from './laws.ts';

describe('for every key, place and plaintext', () => {
  it('open undoes seal', async () => {
    expect(await openUndoesSeal(300)).toBeUndefined();
  });

  it('a flipped bit is refused', async () => {
    expect(await flippedBitsAreRefused(500)).toBeUndefined();
  });

  it('a field one byte shorter or longer is refused', async () => {
    expect(await otherLengthsAreRefused(150)).toBeUndefined();
  });

  it('any other value of any field of any kind of place is refused', async () => {
    expect(await otherPlacesAreRefused(15)).toBeUndefined();
  });
});
