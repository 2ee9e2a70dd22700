import type { Cache, EntryRef, SharedTier } from '@warmline/cache-core';
import { createCache } from '@warmline/cache-core';
import { describe, expect, test } from 'vitest';
import { isPlain } from './names.ts';
import { Machine, print } from './machine.fixture.ts';

const LONG = 'k'.repeat(10_000);
const LONG_MS = 600_000;

/** What somebody says, or wants to do harm with. No two of them are the same. */
const HOSTILE: readonly string[] = [
  LONG,
  `${LONG}k`,
  `${'k'.repeat(9_999)}l`,
  '\u{1F600}'.repeat(5_000),
  'a\0b',
  'a\0',
  'a',
  '\0',
  'a\nb',
  'a\r\nb',
  '{a}',
  'a{b',
  '*',
  '?',
  '[a-z]',
  'a*',
  ':',
  'a:b',
  ':a',
  '#a',
  '~',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  '\uD800',
  '\uDC00',
  '\uD800a',
  '\uFFFD',
  '\uFFFDa',
  '\uFEFF',
  '\u00E9',
  'e\u0301',
  '\u0430',
  '\uFF41',
  '\u200B',
  'A',
  ' a',
  'a ',
  ' ',
  '\uFFFF',
  '\u{10FFFF}',
];
const NOBODYS = ['', ...HOSTILE];

function cacheOf(tier: SharedTier, scope: string): Cache<string> {
  return createCache<string>({ name: 'n', scope, tiers: [tier], ttl: LONG_MS, tierBudgetMs: 20_000 });
}

async function attempt<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

describe('hostile names through a cache', () => {
  test('as keys each has its own entry, and none is reached from another scope', { timeout: 60_000 }, async () => {
    await using machine = new Machine();
    const tier = machine.open();
    for (const scope of ['one', 'other']) {
      const cache = cacheOf(tier, scope);
      for (const [at, key] of NOBODYS.entries()) await cache.set(key, `${scope} ${at}`);
      await cache.close();
    }
    // A cache that has nothing in its own memory.
    const cache = cacheOf(tier, 'one');
    const found = await Promise.all(NOBODYS.map((key) => attempt(() => cache.get(key))));
    expect(found).toEqual(NOBODYS.map((_, at) => `one ${at}`));
    for (const key of NOBODYS) await cache.delete(key);
    const other = cacheOf(tier, 'other');
    expect(await Promise.all(NOBODYS.map((key) => other.get(key)))).toEqual(NOBODYS.map((_, at) => `other ${at}`));
    expect(
      (await Promise.all(NOBODYS.map((key) => cacheOf(tier, 'one').get(key)))).every((value) => value === undefined),
    ).toBe(true);
    print(`${NOBODYS.length} hostile keys in two scopes: each its own`);
  });

  test(
    'as scopes none reaches the entries of another, and clearing one clears only that one',
    { timeout: 60_000 },
    async () => {
      await using machine = new Machine();
      const tier = machine.open();
      for (const scope of HOSTILE) await cacheOf(tier, scope).set('k', `of ${scope}`);
      const found = await Promise.all(HOSTILE.map((scope) => attempt(() => cacheOf(tier, scope).get('k'))));
      expect(found).toEqual(HOSTILE.map((scope) => `of ${scope}`));
      await cacheOf(tier, '*').clear();
      const left = await Promise.all(HOSTILE.map((scope) => cacheOf(tier, scope).get('k')));
      expect(left).toEqual(HOSTILE.map((scope) => (scope === '*' ? undefined : `of ${scope}`)));
    },
  );

  test('as tags each names only what it was given to', { timeout: 60_000 }, async () => {
    await using machine = new Machine();
    const tier = machine.open();
    const open = (): Cache<string> =>
      createCache<string>({ name: 'n', tiers: [tier], ttl: LONG_MS, tierBudgetMs: 20_000, tagsOf: (key) => [key] });
    for (const tag of HOSTILE) await open().set(tag, 'value');
    for (const tag of ['*', 'a', LONG, '\uD800']) await open().invalidateTags(tag);
    const left = await Promise.all(HOSTILE.map((key) => open().get(key)));
    expect(HOSTILE.filter((_, at) => left[at] === undefined)).toEqual([LONG, 'a', '*', '\uD800']);
  });
});

describe('hostile names straight at the tier', () => {
  /** As nobody but a program with another keyspace makes them: nothing is hashed or escaped. */
  function refOf(name: string): EntryRef {
    return { namespace: `namespace ${name}`, key: name, tags: [`tag ${name}`] };
  }

  test('each has its own value, stamps and lease', { timeout: 60_000 }, async () => {
    await using machine = new Machine();
    const tier = machine.open();
    const refs = NOBODYS.map(refOf);
    const begun = [];
    for (const ref of refs) begun.push(await attempt(() => tier.begin(ref, { leaseMs: LONG_MS, stampTtlMs: LONG_MS })));
    // Nobody is in anybody's way.
    expect(begun.filter((one) => typeof one === 'string' || one.lease === 'elsewhere')).toEqual([]);
    for (const [at, ref] of refs.entries()) await tier.write(ref, Buffer.from(String(at)), { ttlMs: LONG_MS });
    const stored = await tier.read(refs);
    expect(stored.map(({ bytes }) => bytes && Buffer.from(bytes).toString())).toEqual(refs.map((_, at) => String(at)));
    const stamps = stored.flatMap(({ stamps: { key, namespace, tags } }) => [key, namespace, ...tags]);
    expect(new Set(stamps).size).toBe(3 * refs.length);
    for (const ref of refs) await tier.invalidate({ kind: 'keys', namespace: ref.namespace, keys: [ref.key] });
    expect((await tier.read(refs)).filter(({ bytes }) => bytes !== undefined)).toEqual([]);
  });

  test('the removal of one leaves all others', { timeout: 60_000 }, async () => {
    await using machine = new Machine();
    const tier = machine.open();
    const refs = NOBODYS.map(refOf);
    for (const name of [LONG, 'a', '', '\uD800', '*']) {
      for (const ref of refs) await tier.write(ref, Buffer.from(ref.key.slice(0, 20)), { ttlMs: LONG_MS });
      await tier.invalidate({ kind: 'keys', namespace: 'n', keys: [name] });
      const left = await tier.read(refs);
      expect(NOBODYS.filter((_, at) => left[at]?.bytes === undefined)).toEqual([name]);
    }
  });

  test('records of hostile names are each their own', async () => {
    await using machine = new Machine();
    const { records } = machine.open();
    // Others are refused, because they could not be listed.
    const listable = NOBODYS.filter(isPlain);
    for (const [at, name] of listable.entries()) await records.put(name, { at });
    expect(listable.map((name) => records.get(name))).toEqual(listable.map((_, at) => ({ at })));
    expect(new Set(records.list('').keys())).toEqual(new Set(listable));
  });
});
