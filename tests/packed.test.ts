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
import { startConvexSimulator } from '@warmline/convex-simulator';
import { startSarvamSimulator } from '@warmline/sarvam-simulator';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** An empty project that has only what a user installs: the packed packages, and their dependencies from the registry. */
const project = realpathSync(mkdtempSync(join(tmpdir(), 'warmline-packed-')));
const PACKAGES = [
  'agent-config',
  'cache-core',
  'cache-lmdb',
  'cache-redis',
  'knowledge',
  'livekit',
  'sentences',
  'tts-cache',
  'tts-sarvam',
];
const FROM_REGISTRY = {
  'agent-config': ['zod', 'convex'],
  'cache-core': ['lru-cache'],
  'cache-lmdb': ['lmdb'],
  'cache-redis': ['ioredis'],
  livekit: ['commander'],
  'tts-sarvam': ['ws', '@livekit/agents', '@livekit/rtc-node'],
};

const COMPILE = [
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
  run('tsc', [...COMPILE, 'example.ts'], project);
});

test("the front door's examples type-check", () => {
  const elevenlabs = [
    "declare module '@livekit/agents-plugin-elevenlabs' {",
    "  import { tts } from '@livekit/agents';",
    '  export class TTS extends tts.TTS {',
    '    constructor(options: { voiceId: string });',
    '    label: string;',
    '    synthesize(text: string): tts.ChunkedStream;',
    '    stream(): tts.SynthesizeStream;',
    '  }',
    '}',
  ];
  writeFileSync(join(project, 'elevenlabs.d.ts'), [...elevenlabs, ''].join('\n'));
  for (const name of ['livekit', 'cache-lmdb', 'cache-redis']) {
    const readme = readFileSync(join(project, 'node_modules/@warmline', name, 'README.md'), 'utf8');
    const examples = [...readme.matchAll(/```ts\n(.*?)```/gsu)].map(([, code = '']) => code);
    expect(examples.length).toBeGreaterThan(1);
    examples.forEach((code, index) => writeFileSync(join(project, `${name}-${index}.ts`), code));
    const files = examples.map((_, index) => `${name}-${index}.ts`);
    run('tsc', [...COMPILE, 'elevenlabs.d.ts', ...files], project);
  }
});

test('what one process has spoken the next one replays, through the front door', async () => {
  const simulator = await startSarvamSimulator({ speed: 0 });
  const call = `
    import { initializeLogger } from '@livekit/agents';
    import { openWarmline } from '@warmline/livekit';
    import * as sarvam from '@warmline/tts-sarvam';
    initializeLogger({ pretty: false, level: 'fatal' });
    // As a worker does it: prewarm(proc) opens, the entry uses.
    const proc = { userData: {} };
    proc.userData.warmline = openWarmline({ redis: process.env.REDIS_URL, scope: 'acme', directory: '${project}/host' });
    const permits = proc.userData.warmline.permits({ account: 'sarvam', limit: 30 });
    const options = { model: 'bulbul:v3', speaker: 'shubh', language: 'hi-IN', baseUrl: '${simulator.url}', pool: { permits } };
    const tts = proc.userData.warmline.tts(new sarvam.TTS(options));
    const stream = tts.stream();
    stream.pushText('नमस्ते। मैं आपकी क्या मदद करूँ?');
    stream.endInput();
    for await (const audio of stream);
    const { hitsByTier, misses } = tts.getPhraseCacheStats();
    await tts.close();
    await proc.userData.warmline.close();
    console.log(JSON.stringify({ hitsByTier, misses }));
  `;
  const host = `
    import { startHost } from '@warmline/livekit';
    const host = await startHost({ redis: process.env.REDIS_URL, scope: 'acme', directory: '${project}/host' });
    while (!host.isKeeper) await new Promise((resolve) => setTimeout(resolve, 10));
    const { total, processes } = host.statistics();
    await host.close();
    console.log(JSON.stringify({ misses: total['speech.misses'], hits: total['speech.hits.host'], running: processes.size }));
  `;
  writeFileSync(join(project, 'call.mjs'), call);
  writeFileSync(join(project, 'host.mjs'), host);
  try {
    expect(JSON.parse(await runAsync(join(project, 'call.mjs')))).toEqual({ hitsByTier: {}, misses: 2 });
    expect(JSON.parse(await runAsync(join(project, 'call.mjs')))).toEqual({ hitsByTier: { host: 2 }, misses: 0 });
    expect(simulator.ledger().totals.utterances).toBe(2);
    expect(JSON.parse(await runAsync(join(project, 'host.mjs')))).toEqual({ misses: 2, hits: 2, running: 0 });
  } finally {
    await simulator.close();
  }
});

test('importing the front door loads no native module, and a missing one costs nothing but the host tier', async () => {
  const script = `
    import { createRequire } from 'node:module';
    const { cachedTts, openWarmline } = await import('@warmline/livekit');
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/lmdb/'));
    const before = loaded();
    const events = [];
    const warmline = openWarmline({ directory: '${project}/other', onEvent: (event) => events.push(event.error.code) });
    console.log(JSON.stringify({ before, host: warmline.host !== undefined, events }));
  `;
  writeFileSync(join(project, 'lazy.mjs'), script);
  const lmdb = join(project, 'node_modules/lmdb');
  const present = JSON.parse(await runAsync(join(project, 'lazy.mjs')));
  expect(present).toEqual({ before: false, host: true, events: [] });
  const target = realpathSync(lmdb);
  rmSync(lmdb);
  // As where there is no build for the platform.
  mkdirSync(lmdb);
  writeFileSync(join(lmdb, 'index.js'), "throw new Error('No native build was found')");
  try {
    expect(JSON.parse(await runAsync(join(project, 'lazy.mjs')))).toEqual({
      before: false,
      host: false,
      events: ['ERR_HOST_NO_ENGINE'],
    });
  } finally {
    rmSync(lmdb, { recursive: true });
    symlinkSync(target, lmdb);
  }
});

test('the command reports, lists and says what is wrong', async () => {
  const cli = join(project, 'node_modules/@warmline/livekit/dist/cli/main.js');
  const command = (...args: string[]): { status: number | null; text: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { cwd: project, encoding: 'utf8' });
    return { status, text: stdout + stderr };
  };
  expect(command('--help')).toMatchObject({ status: 0, text: expect.stringMatching(/report.*phrases.*statistics/su) });
  expect(command('phrases', 'list', '--directory', 'host', '--scope', 'acme')).toEqual({
    status: 0,
    text: "no phrases in scope 'acme'\n",
  });
  expect(command('phrases', 'drop', 'nothing', '--directory', 'host')).toMatchObject({ status: 2 });
  expect(command('statistics', '--directory', 'host').text).toMatch(/speech\.misses +2/u);
  expect(command('report', 'nowhere')).toMatchObject({ status: 2, text: expect.stringContaining('nowhere') });
  expect(command('nonsense')).toMatchObject({ status: 2 });
});

test('what one process has read of an agent and its knowledge the next one has, through the front door', async () => {
  const simulator = await startConvexSimulator({ seed: 'demo' });
  const script = `
    import { convexAgentSource } from '@warmline/agent-config/convex-client';
    import { convexKnowledgeSource } from '@warmline/knowledge/convex-client';
    import { openWarmline } from '@warmline/livekit';
    const warmline = openWarmline({ directory: '${project}/convex-host' });
    const access = { url: '${simulator.url}', secret: 'simulator-secret' };
    const source = convexAgentSource(access);
    const [agentId] = await source.listTopAgents(1, new AbortController().signal);
    const agents = warmline.agents({ source });
    const { organizationId } = await agents.loadAgentConfig(agentId);
    const { source: from, prompt } = await agents.getCachedFullPrompt(agentId);
    const knowledge = warmline.knowledge({ source: convexKnowledgeSource(access) });
    await knowledge.search({ text: 'When are you open?', organizationId, agentId, limit: 3 });
    await warmline.close();
    console.log(JSON.stringify({ from, characters: prompt.length > 100 }));
  `;
  writeFileSync(join(project, 'agent.mjs'), script);
  try {
    for (let call = 0; call < 2; call++) {
      expect(JSON.parse(await runAsync(join(project, 'agent.mjs')))).toEqual({ from: 'ram', characters: true });
    }
    const { functions } = await simulator.ledger();
    expect([functions['agents:get']?.queries, functions['knowledge:search']?.actions]).toEqual([1, 1]);
  } finally {
    await simulator.close();
  }
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
