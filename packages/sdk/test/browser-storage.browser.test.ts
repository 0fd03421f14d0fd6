import { afterEach, describe, expect, it } from 'vitest';
import { indexedDbStorage } from '../src/browser.ts';
import { createVaultClient } from '../src/client.ts';

const NAME = 'zkvault-test';

afterEach(async () => {
  await new Promise((resolve) => {
    indexedDB.deleteDatabase(NAME).addEventListener('success', resolve);
  });
});

describe('IndexedDB storage', () => {
  it('gives back what was set, also to another page of the origin, until it is deleted', async () => {
    const storage = indexedDbStorage(NAME);
    await storage.set('zkv1.device', Uint8Array.of(1, 2, 3));

    expect(await indexedDbStorage(NAME).get('zkv1.device')).toEqual(Uint8Array.of(1, 2, 3));
    expect(await storage.get('another')).toBeUndefined();
    await storage.delete('zkv1.device');
    await storage.delete('zkv1.device');
    expect(await storage.get('zkv1.device')).toBeUndefined();
  });

  it('lets two clients of one database work in turns', async () => {
    const steps: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      steps.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      steps.push(`${name} ends`);
    };

    await Promise.all([
      indexedDbStorage(NAME).exclusively?.('a', work('one')),
      indexedDbStorage(NAME).exclusively?.('a', work('two')),
    ]);

    expect(steps).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
  });

  it('keeps only the bytes it was given, not the buffer they lie in', async () => {
    const storage = indexedDbStorage(NAME);
    const whole = Uint8Array.of(9, 9, 1, 2, 9);
    await storage.set('part', whole.subarray(2, 4));
    whole.fill(0);

    const value = (await storage.get('part'))!;

    expect(value).toEqual(Uint8Array.of(1, 2));
    expect(value.buffer.byteLength).toBe(2);
  });

  it('lets the database be deleted under it, and goes on with a new one', async () => {
    const storage = indexedDbStorage(NAME);
    await storage.set('a', Uint8Array.of(1));
    await new Promise((resolve) => {
      indexedDB.deleteDatabase(NAME).addEventListener('success', resolve);
    });

    expect(await storage.get('a')).toBeUndefined();
    await storage.set('a', Uint8Array.of(2));
    expect(await storage.get('a')).toEqual(Uint8Array.of(2));
  });

  it('serves a client in a browser', async () => {
    const client = createVaultClient({ baseUrl: 'https://vault.example', storage: indexedDbStorage(NAME) });

    expect(await client.status()).toEqual({
      state: 'logged-out',
      baseUrl: 'https://vault.example',
      vaults: [],
    });
  });
});
