/** @file Counts in the memory of this process, of which it takes no more than a fixed amount. */
import { type Generations, makeGenerations } from '../two-generations.ts';
import type { RateCounter, RateRule } from './rate-counter.ts';

/** How many callers are remembered per rule: some 30 MB in all if every rule is full. */
const MAX_CALLERS = 50_000;

interface Window {
  count: number;
  readonly endsAt: number;
}

/** What a counter may be given instead of its own. */
export interface MemoryRateCounterOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  /** Callers per rule, at least 2. */
  readonly maxCallers?: number;
}

/** Makes the counter. */
export function makeMemoryRateCounter(options: MemoryRateCounterOptions = {}): RateCounter {
  const { now = () => performance.now(), maxCallers = MAX_CALLERS } = options;
  const rules = new Map<string, Generations<Window>>();

  return {
    async count(rule, caller) {
      const at = now();
      const windows = windowsOf(rule);
      const known = windows.find(caller);
      const window =
        known !== undefined && known.endsAt > at
          ? known
          : { count: 0, endsAt: at + rule.windowSeconds * 1_000 };
      window.count += 1;
      windows.keep(caller, window);
      return { count: window.count, resetInMs: window.endsAt - at };
    },
    close: async () => rules.clear(),
  };

  function windowsOf(rule: RateRule): Generations<Window> {
    const name = `${rule.name} ${rule.windowSeconds}`;
    const known = rules.get(name) ?? makeGenerations<Window>(Math.floor(maxCallers / 2));
    rules.set(name, known);
    return known;
  }
}
