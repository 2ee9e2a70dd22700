import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hostileTexts } from './hostile.fixture.ts';
import { keyPatterns, keys } from './keys.ts';

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

test('plain parts stay readable', () => {
  expect(keys.agent('a-1')).toBe('agent:a-1');
  expect(keys.context('t1', 3)).toBe('context:t1:3');
  expect(keys.profile(1)).toBe('user:1:profile');
  expect(keys.greeting('u.2')).toBe('user:u.2:greeting_instructions');
  expect(keys.lock('import', 7)).toBe('lock:import:7');
  expect(keys.lock('import')).toBe('lock:import');
  expect(keys.temp('s1', 'draft')).toBe('temp:s1:draft');
  expect(keys.embed('text-embedding-3', 'hello')).toBe(`embed:text-embedding-3:${sha('hello')}`);
  expect(keys.tool('read_file', { a: 1 })).toBe(`tool:read_file:${sha('{"a":1}').slice(0, 16)}`);
  expect(keys.prompt({ a: 1 })).toMatch(/^prompt:[0-9a-f]{32}$/);
  expect(keys.rag('a1', 'What is it?', 5)).toMatch(/^rag:a1:[0-9a-f]{32}:5$/);
});

test('keys at rest are what they have always been', () => {
  expect(keys.agent('a:*')).toBe('agent:~2aff92b3cb0cbe5b5760203c9dfeb7fa');
  expect(keys.agent('x'.repeat(65))).toBe('agent:~9537c5fdf120482f7d58d25e9ed583f5');
  expect(keys.profile('हिन्दी')).toBe('user:~9ddb12af8457d635ec15773f905ca858:profile');
  expect(keys.profile('a\ud800')).toBe('user:~480f1348182fe96628876ccd543d49d9:profile');
  expect(keys.context('t1', -2.5)).toBe('context:t1:-2.5');
  expect(keys.context('t', 1e300)).toBe('context:t:~2b0de494c41db4c1bf0b41b0a3483db7');
  expect(keys.embed('m', 'a\ud800')).toBe('embed:m:480f1348182fe96628876ccd543d49d978095c0868db3f4f212547294c98bef5');
  expect(keys.prompt({ a: 1 })).toBe('prompt:015abd7f5cc57a2dd94b7590f04ad808');
  expect(keys.rag('a1', 'What is it?', 5)).toBe('rag:a1:992e93d8791a4bb3e3d9c421f8c47a70:5');
});

test('the same parameters in another order give the same key', () => {
  const one = keys.tool('search', { path: 'a', options: { deep: true, limit: 3 }, none: undefined });
  expect(keys.tool('search', { options: { limit: 3, deep: true }, path: 'a' })).toBe(one);
  expect(keys.tool('search', { options: { limit: 4, deep: true }, path: 'a' })).not.toBe(one);
  expect(keys.tool('search2', { options: { limit: 3, deep: true }, path: 'a' })).not.toBe(one);
  expect(keys.prompt({ a: 1, b: [1, 2] })).toBe(keys.prompt({ b: [1, 2], a: 1 }));
  expect(keys.prompt({ a: 1, b: [2, 1] })).not.toBe(keys.prompt({ a: 1, b: [1, 2] }));
});

test('a question is the same in other letter case, spaces and Unicode form, and another with other circumstances', () => {
  const one = keys.rag('a', 'Où est le café?', 5);
  expect(keys.rag('a', '  où  est le\tCAFÉ? ', 5)).toBe(one);
  const others = [
    keys.rag('a', 'Ou est le cafe?', 5),
    keys.rag('a', 'Où est le café?', 6),
    keys.rag('b', 'Où est le café?', 5),
    keys.rag('a', 'Où est le café?', 5, { version: 2 }),
    keys.rag('a', 'Où est le café?', 5, { language: 'fr' }),
    keys.rag('a', 'Où est le café?', 5, { filters: { topic: 'food' } }),
    keys.rag('a', 'Où est le café?', 5, { version: 'fr' }),
  ];
  expect(new Set([one, ...others]).size).toBe(others.length + 1);
});

describe('hostile parts', () => {
  /** Every key that can be made of two texts. */
  function keysOf(a: string, b: string): Record<string, string> {
    return {
      agent: keys.agent(a),
      context: keys.context(a, b),
      embed: keys.embed(a, b),
      greeting: keys.greeting(a),
      lock: keys.lock(a, b),
      lockWhole: keys.lock(a),
      profile: keys.profile(a),
      prompt: keys.prompt(a),
      rag: keys.rag(a, b, 1),
      temp: keys.temp(a, b),
      tool: keys.tool(a, b),
    };
  }

  test('no two calls share a key, whatever their parts', () => {
    const seen = new Map<string, string>();
    for (const a of hostileTexts) {
      for (const b of hostileTexts) {
        for (const [builder, key] of Object.entries(keysOf(a, b))) {
          const usesB = ['context', 'embed', 'lock', 'rag', 'temp', 'tool'].includes(builder);
          // These two are the same question in another letter case.
          const second = builder === 'rag' ? b.normalize('NFC').trim().replace(/\s+/gu, ' ').toLowerCase() : b;
          const call = JSON.stringify([builder, a, usesB ? second : '']);
          expect(seen.get(key) ?? call).toBe(call);
          seen.set(key, call);
        }
      }
    }
    expect(seen.size).toBeGreaterThan(hostileTexts.length ** 2 * 4);
  });

  test('a key is short, plain, and has as many segments as its builder makes', () => {
    for (const text of hostileTexts) {
      for (const key of Object.values(keysOf(text, text))) {
        expect(key).toMatch(/^[a-z]+(?::~?[A-Za-z0-9_.-]{1,64}){1,3}$/);
        expect(key.length).toBeLessThanOrEqual(200);
      }
      for (const pattern of Object.values(keyPatterns)) expect(pattern(text)).toMatch(/^[a-z]+:~?[A-Za-z0-9_.-]+:\*$/);
    }
  });

  test('texts of people are not in keys', () => {
    const text = 'My PIN is 1234';
    for (const key of [keys.rag('a', text, 1), keys.embed('m', text), keys.prompt(text), keys.tool('t', text)])
      expect(key).not.toContain('1234');
  });
});

test.each<[string, () => string]>([
  ['an empty id', () => keys.agent('')],
  ['undefined', () => keys.profile(undefined as unknown as string)],
  ['an object', () => keys.lock({} as string)],
  ['NaN', () => keys.context('t', Number.NaN)],
  ['a query that is no text', () => keys.rag('a', 5 as unknown as string, 5)],
  ['parameters that are no data', () => keys.tool('t', new Map() as unknown as string)],
])('%s is a TypeError', (_name, make) => {
  expect(make).toThrow(TypeError);
});
