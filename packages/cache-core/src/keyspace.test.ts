import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeyspace } from './index.ts';

const hostile = [
  '*', 'a*', '?', '[ab]', ':', '::', 'a:b', 'b:a', '\n', 'a\nb', '\r\n', ' ', 'a ', '{', '}', '{a}', '{}', '\0', 'a\0', '\\', '%00',
  '~', '../..', 'x'.repeat(10_240), 'x'.repeat(10_241), 'x'.repeat(64), 'x'.repeat(65),
  '\ud800', '\udfff', '\udfff\ud800', '\ufffd', '\ufeff', '\ufeff\ud800', 'a\ud800',
  'é', 'e\u0301', 'a', 'а', 'ａ', 'A', 'ﬁ', 'fi', 'हिन्दी', 'ı', 'i', '\u200b',
]; // prettier-ignore
const HEX = /^[0-9a-f]{32}$/;
const utf16 = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 })
  .map((units) => String.fromCharCode(...units));

/** The three parts of a namespace, which must be free of separators, globs, braces and control characters. */
function partsOf(namespace: string): string[] {
  const parts = namespace.split(':');
  expect(parts).toHaveLength(3);
  for (const part of parts) expect(part).toMatch(/^[A-Za-z0-9_.~-]{1,64}$/);
  return parts;
}

test('plain names stay readable', () => {
  expect(createKeyspace({ name: 'phrases' }).namespace).toBe('warmline:default:phrases');
  const plain = createKeyspace({ prefix: 'w', scope: 'acme-7', name: 'config.v2' });
  expect(plain.namespace).toBe('w:acme-7:config.v2');
  expect(plain.keyOf('agent:1')).toMatch(/^w:acme-7:config\.v2:[0-9a-f]{32}$/);
});

test('keys at rest are what they have always been', () => {
  const phrases = createKeyspace({ name: 'phrases' });
  expect(phrases.keyOf('')).toBe('warmline:default:phrases:e3b0c44298fc1c149afbf4c8996fb924');
  expect(phrases.keyOf('agent:1')).toBe('warmline:default:phrases:b0583f664596326cd9c99b285dec1ac0');
  expect(phrases.keyOf('a\ud800')).toBe('warmline:default:phrases:480f1348182fe96628876ccd543d49d9');
  expect(phrases.tagOf('agent:1')).toBe('warmline:default:phrases#b0583f664596326cd9c99b285dec1ac0');
  expect(createKeyspace({ prefix: 'w:*', scope: 'हिन्दी', name: 'n\ud800' }).namespace).toBe(
    '~9c6ceb30e1b3ef142e35ef7d3e4abb74:~9ddb12af8457d635ec15773f905ca858:~744d65a2f2f03235c6722cf55a9ba54e',
  );
  expect(createKeyspace({ name: 'x'.repeat(65) }).namespace).toBe('warmline:default:~9537c5fdf120482f7d58d25e9ed583f5');
});

describe('hostile text', () => {
  test('in prefix, scope or name stays in its place, and distinct texts stay distinct', () => {
    for (const option of ['prefix', 'scope', 'name'] as const) {
      const spaces = hostile.map((text) => createKeyspace({ name: 'n', [option]: text }).namespace);
      for (const namespace of spaces) partsOf(namespace);
      expect(new Set(spaces).size).toBe(hostile.length);
    }
  });

  test('cannot move from one part into the next', () => {
    const seen = new Map<string, string>();
    for (const scope of hostile) {
      for (const name of hostile) {
        const { namespace } = createKeyspace({ scope, name });
        expect(seen.get(namespace)).toBeUndefined();
        seen.set(namespace, `${scope}/${name}`);
      }
    }
    expect(seen.size).toBe(hostile.length ** 2);
  });

  test('in keys is hashed: distinct texts stay distinct, every key has the same shape', () => {
    const keyspace = createKeyspace({ name: 'n' });
    const { namespace } = keyspace;
    const keys = ['', ...hostile].map((text) => keyspace.keyOf(text));
    expect(new Set(keys).size).toBe(hostile.length + 1);
    for (const key of keys) expect(key.slice(namespace.length + 1)).toMatch(HEX);
    for (const text of hostile) expect(keyspace.refOf(text)).toMatchObject({ namespace, key: keyspace.keyOf(text) });
  });

  test('with lone surrogates is not folded, and meets no well-formed text', () => {
    const keyspace = createKeyspace({ name: 'n' });
    // The UTF-16 bytes of the first are the UTF-8 bytes of the second.
    expect(keyspace.keyOf('\ud861\u6180')).not.toBe(keyspace.keyOf('a\u0600a'));
    fc.assert(
      fc.property(utf16, utf16, (a, b) => {
        expect(keyspace.keyOf(a) === keyspace.keyOf(b)).toBe(a === b);
      }),
      { numRuns: 1_000 },
    );
  });
});

test('no text of a key, and none of a part that is not plain, appears in a physical key', () => {
  const secret = 'asha.rao@example.com says 4111-1111-1111-1111';
  const key = createKeyspace({ scope: `user ${secret}`, name: `n ${secret}` })
    .keyOf(secret)
    .toLowerCase();
  for (const word of secret.toLowerCase().split(/[^a-z0-9]+/)) expect(key).not.toContain(word);
});

test('two scopes never share a key, and neither namespace leads to the other', () => {
  const scope = fc.oneof(
    fc.constantFrom(...hostile),
    utf16.filter((text) => text !== ''),
  );
  fc.assert(
    fc.property(scope, scope, utf16, utf16, (a, b, key, other) => {
      fc.pre(a !== b);
      const one = createKeyspace({ scope: a, name: 'n' });
      const two = createKeyspace({ scope: b, name: 'n' });
      expect(one.keyOf(key)).not.toBe(two.keyOf(other));
      expect(one.keyOf(key).startsWith(`${two.namespace}:`)).toBe(false);
      expect(two.keyOf(other).startsWith(`${one.namespace}:`)).toBe(false);
    }),
  );
});

test('an empty or missing part is refused by name', () => {
  expect(() => createKeyspace({ name: '' })).toThrow(/^name must be a non-empty string, got ""$/);
  expect(() => createKeyspace({ name: 'n', scope: '' })).toThrow(/^scope /);
  expect(() => createKeyspace({ name: 'n', prefix: 7 as unknown as string })).toThrow(/^prefix .*got 7$/);
  expect(() => createKeyspace({} as { name: string })).toThrow(TypeError);
});
