/**
 * What every cache tier must do, for those who write one: `import { tierContract } from
 * '@gary-zero/performance/testing'`, and run each case with the test runner at hand.
 */
import assert from 'node:assert/strict';
import type { Awaitable, CacheTier } from './cache/tier.js';

/** An empty tier, opened anew for each case. */
export interface TierUnderTest {
  readonly tier: CacheTier;
  /** Moves the tier's time. Without it the cases about expiry wait in real time for some tens of milliseconds. */
  readonly advance?: (seconds: number) => Awaitable<void>;
  /** Runs after the case, whatever came of it. */
  readonly close?: () => Awaitable<void>;
}

/** One thing that every tier must do. */
export interface ContractCase {
  /** A sentence about tiers: `keeps an entry for its time and its grace`. */
  readonly title: string;
  /** Rejects with an AssertionError when the tier does something else. */
  readonly run: (open: () => Awaitable<TierUnderTest>) => Promise<void>;
}

const ODD_KEYS = [
  '',
  ' ',
  'a:b',
  '../../up',
  'C:\\x',
  '__proto__',
  '\0\n',
  '💡'.repeat(100),
  'x'.repeat(2000),
];
const VALUES = [null, false, 0, '', 'text', -1.5, [], [1, [2]], {}, { a: { b: null, ü: '💡' } }];
/** Tiers may keep whole milliseconds only, and real time passes between a call and the next. */
const TOLERANCE = 0.5;

/** All of them; each opens a tier anew. */
export const tierContract: readonly ContractCase[] = [
  contractCase('knows nothing at first', async ({ tier }) => {
    assert.equal(await tier.getEntry('k'), undefined);
    assert.equal(await tier.delete('k'), false);
  }),
  contractCase('gives back the values it was given, null and falsy ones included', async ({ tier }) => {
    for (const [i, value] of VALUES.entries()) await tier.setEntry(`k${i}`, { value, ttl: 60, grace: 0 });
    for (const [i, value] of VALUES.entries()) assert.deepEqual((await tier.getEntry(`k${i}`))?.value, value);
  }),
  contractCase('takes any text as a key and mixes none up', async ({ tier }) => {
    for (const key of ODD_KEYS) await tier.setEntry(key, { value: key, ttl: 60, grace: 0 });
    for (const key of ODD_KEYS) assert.equal((await tier.getEntry(key))?.value, key);
  }),
  contractCase('replaces an entry', async ({ tier }) => {
    await tier.setEntry('k', { value: 'old', ttl: 60, grace: 0 });
    await tier.setEntry('k', { value: 'new', ttl: 60, grace: 0 });
    assert.equal((await tier.getEntry('k'))?.value, 'new');
  }),
  contractCase('deletes one entry and leaves the others', async ({ tier }) => {
    await tier.setEntry('a', { value: 1, ttl: 60, grace: 0 });
    await tier.setEntry('b', { value: 2, ttl: 60, grace: 0 });
    assert.equal(await tier.delete('a'), true);
    assert.equal(await tier.getEntry('a'), undefined);
    assert.equal((await tier.getEntry('b'))?.value, 2);
  }),
  contractCase('clears', async ({ tier }) => {
    await tier.setEntry('a', { value: 1, ttl: 60, grace: 0 });
    await tier.clear();
    assert.equal(await tier.getEntry('a'), undefined);
    await tier.setEntry('a', { value: 2, ttl: 60, grace: 0 });
    assert.equal((await tier.getEntry('a'))?.value, 2);
  }),
  contractCase('tells the time an entry has left', async ({ tier, advance = sleep }) => {
    await tier.setEntry('k', { value: 1, ttl: 60, grace: 10 });
    await advance(0.02);
    const entry = await tier.getEntry('k');
    assert.ok(entry !== undefined && entry.ttl <= 60 && entry.ttl > 60 - TOLERANCE, `ttl is ${entry?.ttl}`);
    assert.ok(Math.abs(entry.grace - 10) < TOLERANCE, `grace is ${entry.grace}`);
  }),
  contractCase('does not let an entry expire that shall not', async ({ tier }) => {
    await tier.setEntry('k', { value: 1, ttl: Infinity, grace: 0 });
    assert.equal((await tier.getEntry('k'))?.ttl, Infinity);
  }),
  contractCase('keeps an entry for its time and its grace', async ({ tier, advance = sleep }) => {
    await tier.setEntry('short', { value: 1, ttl: 0.02, grace: 0 });
    await tier.setEntry('graced', { value: 2, ttl: 0.02, grace: 60 });
    await advance(0.05);
    assert.equal(await tier.getEntry('short'), undefined);
    const stale = await tier.getEntry('graced');
    assert.equal(stale?.value, 2);
    assert.ok(stale.ttl < 0, `a stale entry has a negative ttl, got ${stale.ttl}`);
  }),
  contractCase('keeps what belongs to an entry', async ({ tier }) => {
    if (tier.kind === 'memory') return;
    await tier.setEntry('k', {
      value: 1,
      ttl: 60,
      grace: 0,
      tags: { 'user:7': 'v1', page: '' },
      loadSeconds: 0.25,
    });
    const entry = await tier.getEntry('k');
    assert.deepEqual({ ...entry?.tags }, { 'user:7': 'v1', page: '' });
    assert.ok(Math.abs((entry?.loadSeconds ?? 0) - 0.25) < 0.01);
  }),
  contractCase('does for many keys what it does for one', async ({ tier }) => {
    const entries = new Map(['a', 'b', 'c'].map((key) => [key, { value: key, ttl: 60, grace: 0 }]));
    if (tier.setEntries === undefined) for (const [key, entry] of entries) await tier.setEntry(key, entry);
    else await tier.setEntries(entries);
    const found = await tier.getEntries?.(['a', 'x', 'c']);
    if (found !== undefined)
      assert.deepEqual(
        [...found].map(([key, { value }]) => [key, value]),
        [
          ['a', 'a'],
          ['c', 'c'],
        ],
      );
    if (tier.deleteMany !== undefined) assert.equal(await tier.deleteMany(['a', 'x', 'b']), 2);
    assert.equal((await tier.getEntry('c'))?.value, 'c');
  }),
  contractCase('never shows half of a write', async ({ tier }) => {
    const value = (n: number) => ({ n, text: String(n % 10).repeat(20_000) });
    const write = (n: number) => tier.setEntry('k', { value: value(n), ttl: 60, grace: 0 });
    const read = async () => {
      const found = (await tier.getEntry('k'))?.value as { n: number; text: string } | undefined;
      if (found !== undefined) assert.deepEqual(found, value(found.n));
    };
    await Promise.all(Array.from({ length: 40 }, async (_, n) => (n % 2 === 0 ? write(n) : read())));
    await read();
  }),
  contractCase('gives each invalidated tag a version it never had', async ({ tier }) => {
    const { tagStore } = tier;
    if (tagStore === undefined) return;
    assert.deepEqual(await tagStore.readVersions(['a', 'b']), ['', '']);
    const [first] = await tagStore.invalidate(['a']);
    const [second] = await tagStore.invalidate(['a']);
    assert.notEqual(first, '');
    assert.notEqual(first, second);
    assert.deepEqual(await tagStore.readVersions(['a', 'b']), [second, '']);
  }),
  contractCase('gives a lock to one at a time', async ({ tier }) => {
    if (tier.lock === undefined) return;
    const lock = await tier.lock('k', 60);
    assert.notEqual(lock, undefined);
    assert.equal(await tier.lock('k', 60), undefined);
    assert.notEqual(await tier.lock('other', 60), undefined);
    await lock!.release();
    assert.notEqual(await tier.lock('k', 60), undefined);
  }),
  contractCase('counts', async ({ tier }) => {
    await tier.setEntry('k', { value: 1, ttl: 60, grace: 0 });
    await tier.getEntry('k');
    await tier.getEntry('absent');
    const { hits, misses, totalRequests, hitRatio } = tier.stats();
    assert.deepEqual(
      { hits, misses, totalRequests, hitRatio },
      { hits: 1, misses: 1, totalRequests: 2, hitRatio: 0.5 },
    );
  }),
];

function contractCase(title: string, check: (under: TierUnderTest) => Promise<void>): ContractCase {
  const run = async (open: () => Awaitable<TierUnderTest>): Promise<void> => {
    const under = await open();
    try {
      await check(under);
    } finally {
      await under.tier.close?.();
      await under.close?.();
    }
  };
  return { title, run };
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
