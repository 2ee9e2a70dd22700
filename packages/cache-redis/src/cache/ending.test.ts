import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RedisServer } from '../testing/index.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const source = new URL('redis-cache.ts', import.meta.url).href;

/** Runs a script that never ends anything. @returns what it writes and how long it lived after writing. */
async function run(script: string): Promise<{ output: string; code: number | null; idleMs: number }> {
  const text = `import { RedisCache } from ${JSON.stringify(source)};\n${script}`;
  const child = spawn(process.execPath, ['--conditions=@warmline/source', '--input-type=module', '-e', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let wroteMs = performance.now();
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
    wroteMs = performance.now();
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return { output, code, idleMs: performance.now() - wroteMs };
}

test('a script that sets and gets works at its first call, and ends by itself', async () => {
  const { output, code, idleMs } = await run(`
    const cache = new RedisCache({ url: '${server.url}', timeoutMs: 2000 });
    const stored = await cache.set('e:1', 'x');
    process.stdout.write(stored + ' ' + await cache.get('e:1'));
  `);
  expect({ output, code }).toEqual({ output: 'true x', code: 0 });
  expect(idleMs).toBeLessThan(1_000);
});

test('a call that waits for a hung Redis keeps the process alive, and nothing does after it', async () => {
  await server.pause();
  try {
    const { output, code, idleMs } = await run(`
      const cache = new RedisCache({ url: '${server.url}', timeoutMs: 300, onEvent: () => {} });
      process.stdout.write(String(await cache.get('e:1', 'answered')));
    `);
    expect({ output, code }).toEqual({ output: 'answered', code: 0 });
    expect(idleMs).toBeLessThan(2_500);
  } finally {
    server.resume();
  }
});

test('a call that waits for the very first connection keeps the process alive', async () => {
  const { output, code } = await run(`
    import { Gate } from ${JSON.stringify(new URL('gate.ts', import.meta.url).href)};
    const gate = new Gate({ isConnected: false, commands: { isUp: false }, tried: new Promise(() => {}) }, 200);
    await gate.run({ work: async () => {} }).catch(({ fault }) => process.stdout.write(fault));
  `);
  expect({ output, code }).toEqual({ output: 'timeout', code: 0 });
});

test('a held lock does not keep the process alive', async () => {
  const { output, code, idleMs } = await run(`
    const cache = new RedisCache({ url: '${server.url}', timeoutMs: 2000 });
    const lock = await cache.lock('e', 1, { ttl: 60 });
    process.stdout.write(String(lock.isHeld));
  `);
  expect({ output, code }).toEqual({ output: 'true', code: 0 });
  expect(idleMs).toBeLessThan(1_000);
});
