import { readdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** What the built output of each package may import besides itself and Node. Rings: imports point inward only. */
const ALLOWED: Record<string, readonly string[]> = {
  'packages/agent-config': ['@warmline/cache-core', 'convex', 'zod'],
  'packages/cache-core': ['lru-cache'],
  'packages/cache-lmdb': ['@warmline/cache-core', 'lmdb'],
  'packages/cache-redis': ['@warmline/cache-core', 'ioredis'],
  'packages/knowledge': ['@warmline/cache-core', 'convex'],
  'packages/sentences': [],
  'packages/livekit': [
    '@warmline/agent-config',
    '@warmline/cache-core',
    '@warmline/cache-lmdb',
    '@warmline/cache-redis',
    '@warmline/knowledge',
    '@warmline/sentences',
    '@warmline/tts-cache',
    '@livekit/agents',
    '@livekit/rtc-node',
    'commander',
  ],
  'packages/tts-cache': ['@warmline/cache-core', '@warmline/sentences', '@livekit/agents', '@livekit/rtc-node'],
  'packages/tts-sarvam': ['@warmline/sentences', '@livekit/agents', '@livekit/rtc-node', 'ws'],
  'simulators/convex': ['commander', 'convex', 'convex-test', 'ws', 'zod'],
  'simulators/sarvam': ['commander', 'ws', 'zod'],
};
/** Packages that run outside Node too, or must be loadable in a millisecond: no built-in modules either. */
const WITHOUT_NODE = ['packages/sentences'];

test('every package and simulator has a rule', async () => {
  const found = await Promise.all(
    ['packages', 'simulators'].map(async (room) => (await readdir(room)).map((name) => `${room}/${name}`)),
  );
  expect(found.flat().toSorted()).toEqual(Object.keys(ALLOWED).toSorted());
});

test.each(Object.entries(ALLOWED))('%s imports only what its ring allows', async (folder, allowed) => {
  const imports = new Map<string, string>();
  for (const file of await readdir(join(folder, 'dist'), { recursive: true })) {
    if (!/\.(js|d\.ts)$/u.test(file)) continue;
    const text = await readFile(join(folder, 'dist', file), 'utf8');
    for (const [, specifier = ''] of text.matchAll(/(?:from\s+|import\s+|import\(\s*)['"]([^'"]+)['"]/gu)) {
      if (!specifier.startsWith('.')) imports.set(packageOf(specifier), file);
    }
  }
  const foreign = [...imports].filter(([name]) => {
    if (name.startsWith('node:') || builtinModules.includes(name)) return WITHOUT_NODE.includes(folder);
    return !allowed.includes(name);
  });
  expect(foreign).toEqual([]);
});

test('the built output is not empty', async () => {
  for (const folder of Object.keys(ALLOWED)) {
    expect(await readdir(join(folder, 'dist'))).toContain('index.js');
  }
});

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
