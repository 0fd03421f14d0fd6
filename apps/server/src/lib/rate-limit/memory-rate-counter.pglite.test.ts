import { describe, expect, it } from 'vitest';
import { makeMemoryRateCounter } from './memory-rate-counter.ts';

const rule = { name: 'default', limit: 5, windowSeconds: 10 };

describe('a counter in memory', () => {
  it('begins anew when the window that the first request began has ended', async () => {
    let nowMs = 1_000;
    const counter = makeMemoryRateCounter({ now: () => nowMs });

    const first = await counter.count(rule, 'ada');
    nowMs += 9_999;
    const last = await counter.count(rule, 'ada');
    nowMs += 1;
    const next = await counter.count(rule, 'ada');

    expect([first, last, next]).toEqual([
      { count: 1, resetInMs: 10_000 },
      { count: 2, resetInMs: 1 },
      { count: 1, resetInMs: 10_000 },
    ]);
  });

  it('counts each caller and each rule by itself', async () => {
    const counter = makeMemoryRateCounter();
    await counter.count(rule, 'ada');

    const bob = await counter.count(rule, 'bob');
    const other = await counter.count({ ...rule, name: 'login' }, 'ada');

    expect([bob.count, other.count]).toEqual([1, 1]);
  });

  it('remembers 50,000 callers at most, and the latest 25,000 of them surely, however many come', async () => {
    const counter = makeMemoryRateCounter({ now: () => 0 });
    const total = 1_000_000;

    for (let index = 0; index < total; index += 1) await counter.count(rule, `caller ${index}`);

    expect((await counter.count(rule, `caller ${total - 25_000}`)).count).toBe(2);
    expect((await counter.count(rule, `caller ${total - 50_001}`)).count).toBe(1);
  });

  it('forgets who has stopped before who goes on', async () => {
    const counter = makeMemoryRateCounter({ now: () => 0, maxCallers: 4 });
    const callers = ['stopped', 'going', 'a', 'going', 'b', 'going', 'c', 'going', 'd'];
    for (const caller of callers) await counter.count(rule, caller);

    const going = await counter.count(rule, 'going');
    const stopped = await counter.count(rule, 'stopped');

    expect([going.count, stopped.count]).toEqual([5, 1]);
  });
});
