/** @file Long work in short turns, so that an app stays responsive while a large vault is opened or sealed. */

/** How many items one turn takes: a few milliseconds of work. */
export const TURN_ITEMS = 128;

/** Lets everything else that waits have its turn. Unlike a timer it costs microseconds, in every runtime. */
export function nextTurn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}

/** Works through items in their order, {@link TURN_ITEMS} at once. Rejects as soon as one fails, and begins no more. */
export async function mapInTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += TURN_ITEMS) {
    if (start > 0) await nextTurn();
    results.push(...(await Promise.all(items.slice(start, start + TURN_ITEMS).map(work))));
  }
  return results;
}
