import { describe, expect, it } from 'vitest';
import { memoryStorage } from './storage.ts';

describe('memory storage', () => {
  it('gives back what was set, until it is deleted', async () => {
    const storage = memoryStorage();
    await storage.set('a', Uint8Array.of(1));

    expect(await storage.get('a')).toEqual(Uint8Array.of(1));
    await storage.delete('a');
    await storage.delete('a');
    expect(await storage.get('a')).toBeUndefined();
  });

  it('shares no bytes with its callers', async () => {
    const storage = memoryStorage();
    const bytes = Uint8Array.of(1);
    await storage.set('a', bytes);
    bytes.fill(0);
    (await storage.get('a'))!.fill(0);

    expect(await storage.get('a')).toEqual(Uint8Array.of(1));
  });
});
