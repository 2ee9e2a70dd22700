import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { startSarvamSimulator } from '@warmline/sarvam-simulator';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** An empty project that has only what a user installs: the packed packages, and their dependencies from the registry. */
const project = realpathSync(mkdtempSync(join(tmpdir(), 'warmline-packed-')));
const PACKAGES = ['cache-core', 'sentences', 'tts-cache', 'tts-sarvam'];
const FROM_REGISTRY = { 'cache-core': ['lru-cache'], 'tts-sarvam': ['ws', '@livekit/agents', '@livekit/rtc-node'] };

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env): string {
  const result = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 120_000 });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stdout}${result.stderr}`);
  return result.stdout;
}

beforeAll(() => {
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }));
  for (const name of PACKAGES) {
    const folder = join(project, 'node_modules/@warmline', name);
    mkdirSync(folder, { recursive: true });
    run('pnpm', ['pack', '--pack-destination', project], resolve('packages', name));
    const tarball = readdirSync(project).find((file) => file.startsWith(`warmline-${name}-`));
    run('tar', ['-xzf', join(project, String(tarball)), '--strip-components=1', '-C', folder], project);
  }
  for (const [owner, names] of Object.entries(FROM_REGISTRY)) {
    const require = createRequire(resolve('packages', owner, 'package.json'));
    for (const name of names) linkInto(project, name, require);
  }
  linkInto(project, '@types/node', createRequire(resolve('package.json')));
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

function linkInto(folder: string, name: string, require: NodeJS.Require): void {
  const manifests = (require.resolve.paths(name) ?? []).map((path) => join(path, name));
  const found = manifests.find((path) => readdirSafely(path).includes('package.json'));
  if (found === undefined) throw new Error(`${name} is not installed`);
  const link = join(folder, 'node_modules', name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(realpathSync(found), link);
}

function readdirSafely(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    // One of several places to look, and not the right one.
    return [];
  }
}

test('the packed packages hold built code and types, and no tests', () => {
  for (const name of PACKAGES) {
    const folder = join(project, 'node_modules/@warmline', name);
    const files = readdirSync(folder, { recursive: true }).map(String);
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json', join('dist', 'index.d.ts')]));
    expect(files.filter((file) => /\.(test|test-d|fixture)\./u.test(file))).toEqual([]);
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).not.toMatch(/workspace:|catalog:|warmline\/source/u);
  }
});

test("the README's example type-checks", () => {
  const readme = readFileSync('README.md', 'utf8');
  const example = /```ts\n(.*?)```/su.exec(readme)?.[1] ?? '';
  expect(example).toContain('cachedTts(');
  const head = [
    "import { voice } from '@livekit/agents';",
    "import type { llm as llms, stt as stts } from '@livekit/agents';",
    'declare const llm: llms.LLM;',
    'declare const stt: stts.STT;',
  ];
  writeFileSync(join(project, 'example.ts'), [...head, example].join('\n'));
  const options = [
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--strict',
    '--skipLibCheck',
    '--noEmit',
    '--types',
    'node',
  ];
  run('tsc', [...options, 'example.ts'], project);
});

test('a sentence is spoken once, replayed, and the process ends by itself', async () => {
  const simulator = await startSarvamSimulator({ speed: 0 });
  const script = `
    import { initializeLogger } from '@livekit/agents';
    import { cachedTts } from '@warmline/tts-cache';
    import * as sarvam from '@warmline/tts-sarvam';
    initializeLogger({ pretty: false, level: 'fatal' });
    const inner = new sarvam.TTS({ baseUrl: '${simulator.url}', language: 'hi-IN' });
    const tts = cachedTts(inner, { voice: () => inner.voice });
    for (let time = 0; time < 2; time++) {
      const stream = tts.stream();
      stream.pushText('नमस्ते। मैं आपकी क्या मदद करूँ?');
      stream.endInput();
      for await (const audio of stream);
    }
    const { hits, misses } = tts.getPhraseCacheStats();
    await tts.close();
    console.log(JSON.stringify({ hits, misses }));
  `;
  writeFileSync(join(project, 'speak.mjs'), script);
  try {
    // The simulator lives in this process: it must be able to answer while the script runs.
    const output = await runAsync(join(project, 'speak.mjs'));
    expect(JSON.parse(output)).toEqual({ hits: 2, misses: 2 });
    expect(simulator.ledger().totals.utterances).toBe(2);
  } finally {
    await simulator.close();
  }
});

async function runAsync(file: string): Promise<string> {
  const { execFile } = await import('node:child_process');
  const env = { ...process.env, SARVAM_API_KEY: 'test-key' };
  return new Promise((done, fail) => {
    execFile(process.execPath, [file], { env, cwd: project, timeout: 60_000 }, (error, stdout) =>
      error === null ? done(stdout) : fail(error),
    );
  });
}
