import { describe, expect, it } from 'vitest';
import { mapInTurns, nextTurn, TURN_ITEMS } from './turns.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('work in turns', () => {
  it.for([0, 1, TURN_ITEMS - 1, TURN_ITEMS, TURN_ITEMS + 1, 3 * TURN_ITEMS])(
    'gives the results of %d items in their order',
    async (count) => {
      const results = await mapInTurns(numbers(count), async (item) => item * 2);

      expect(results).toEqual(numbers(count).map((item) => item * 2));
    },
  );

  it('has no more than one turn under way', async () => {
    let running = 0;
    let most = 0;

    await mapInTurns(numbers(3 * TURN_ITEMS), async () => {
      running += 1;
      most = Math.max(most, running);
      await nextTurn();
      running -= 1;
    });

    expect(most).toBe(TURN_ITEMS);
  });

  it('lets a timer that is due run before it ends, though no item waits for anything', async () => {
    let isOver = false;
    const timer = new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(isOver), 0);
    });
    const busyUntil = performance.now() + 20;

    await mapInTurns(numbers(200 * TURN_ITEMS), async () => {
      while (performance.now() < busyUntil);
    });
    isOver = true;

    expect(await timer).toBe(false);
  });

  it('begins nothing after an item that failed', async () => {
    const begun: number[] = [];
    const working = mapInTurns(numbers(3 * TURN_ITEMS), async (item) => {
      begun.push(item);
      if (item === 5) throw new RangeError('five');
    });

    await expect(working).rejects.toThrow('five');
    await nextTurn();
    expect(begun).toHaveLength(TURN_ITEMS);
  });
});
