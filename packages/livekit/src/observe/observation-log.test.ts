import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@warmline/cache-core/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readLogs } from './log-directory.ts';
import { ObservationLog } from './observation-log.ts';
import type { ObservationLogEvent, ObservationLogOptions } from './observation-log.ts';
import { observation } from './observation.fixture.ts';

let root: string;
let directory: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'warmline-observe-'));
  directory = join(root, 'deep', 'observations');
});

afterEach(() => rm(root, { recursive: true }));

function open(options: Partial<ObservationLogOptions> = {}) {
  const clock = new FakeClock();
  const events: ObservationLogEvent[] = [];
  const log = new ObservationLog({ directory, clock, onEvent: (event) => events.push(event), ...options });
  return { clock, events, log };
}

const logNames = async () => (await readdir(directory)).filter((name) => name.endsWith('.jsonl'));
const everything = async () =>
  (await Promise.all((await readdir(directory)).map((name) => readFile(join(directory, name), 'latin1')))).join('\n');

test('what was recorded can be read again, one file a log, for its owner only', async () => {
  const [one, other] = [open().log, open().log];
  const [first, second] = [observation('Welcome.', 0), observation('Goodbye.', 10, { wouldBeStoredAtMs: undefined })];
  one.record(first);
  one.record(second);
  other.record(observation('Welcome.', 20));
  await Promise.all([one.close(), other.close()]);
  expect(await logNames()).toHaveLength(2);
  expect((await logNames()).every((name) => name.startsWith(`${process.pid}-`))).toBe(true);
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
  expect(await modeOf(directory)).toBe('700');
  for (const name of await readdir(directory)) expect(await modeOf(join(directory, name))).toBe('600');
  const { observations, secretIds, unreadable } = await readLogs([directory]);
  const { text: _text, key: _key, ...rest } = first;
  expect(observations.find(({ startedAtMs }) => startedAtMs === first.startedAtMs)).toEqual({
    ...JSON.parse(JSON.stringify(rest)),
    key: expect.stringMatching(/^[0-9a-f]{32}$/u),
  });
  const keys = observations.toSorted((a, b) => a.startedAtMs - b.startedAtMs).map(({ key }) => key);
  expect(keys[0]).toBe(keys[2]);
  expect(keys[0]).not.toBe(keys[1]);
  expect([secretIds.size, unreadable]).toEqual([1, 0]);
});

test('neither text nor a hash that anybody could make is at rest', async () => {
  const { log } = open();
  const { key, text } = observation('Your hidden appointment.', 0);
  log.record(observation(text, 0));
  await log.close();
  const atRest = await everything();
  expect(atRest).toContain('bulbul:v3');
  for (const word of text.split(' ')) expect(atRest).not.toContain(word);
  for (const plain of [key, text]) {
    for (const algorithm of ['sha256', 'sha1', 'md5']) {
      expect(atRest).not.toContain(createHash(algorithm).update(plain).digest('hex').slice(0, 16));
    }
  }
});

test('with keepText the text is kept', async () => {
  const { log } = open({ keepText: true });
  log.record(observation('Welcome.', 0));
  await log.close();
  expect((await readLogs([directory])).observations).toMatchObject([{ text: 'Welcome.' }]);
});

test('lines are written within a second, and nothing is kept waiting after that', async () => {
  const { clock, log } = open();
  log.record(observation('One.', 0));
  log.record(observation('Two.', 0));
  expect(clock.pending).toBe(1);
  await clock.advance(999);
  expect(await readdir(root)).toEqual([]);
  await clock.advance(1);
  expect(clock.pending).toBe(0);
  await vi.waitFor(async () => expect((await readLogs([directory])).observations).toHaveLength(2));
  log.record(observation('Three.', 0));
  await clock.advance(1000);
  await vi.waitFor(async () => expect((await readLogs([directory])).observations).toHaveLength(3));
  expect(await logNames()).toHaveLength(1);
  await log.close();
  log.record(observation('Too late.', 0));
  expect(clock.pending).toBe(0);
});

test('a log that nothing was recorded in leaves no trace', async () => {
  await open().log.close();
  expect(await readdir(root)).toEqual([]);
});

test('the same secret gives the same keys on two machines, another one others', async () => {
  const keyOn = async (machine: string, secret: string | Uint8Array | undefined) => {
    const log = new ObservationLog({ directory: join(root, machine), ...(secret !== undefined && { secret }) });
    log.record(observation('Welcome.', 0));
    await log.close();
    return (await readLogs([join(root, machine)])).observations[0]?.key;
  };
  const ours = await keyOn('a', 'sixteen bytes are enough');
  expect(await keyOn('b', Buffer.from('sixteen bytes are enough'))).toBe(ours);
  expect(await keyOn('c', 'sixteen bytes of others')).not.toBe(ours);
  expect(await keyOn('d', undefined)).not.toBe(ours);
  expect(await readdir(join(root, 'a'))).toHaveLength(1);
  expect((await readLogs([join(root, 'a'), join(root, 'b')])).secretIds.size).toBe(1);
  expect((await readLogs([join(root, 'a'), join(root, 'd')])).secretIds.size).toBe(2);
});

test('a full directory gets no more lines, and says so once, whoever filled it', async () => {
  const first = open({ maxBytes: 5000 });
  for (let round = 0; round < 20; round++) {
    first.log.record(observation(`Sentence ${round}.`, round));
    await first.log.flush();
  }
  const limit = { type: 'observation-limit', directory, maxBytes: 5000 };
  expect(first.events).toEqual([limit]);
  const bytes = Buffer.byteLength(await readFile(join(directory, (await logNames())[0]!)));
  expect(bytes).toBeGreaterThan(4000);
  expect(bytes).toBeLessThanOrEqual(5000);
  const second = open({ maxBytes: 5000 });
  for (let round = 0; round < 5; round++) second.log.record(observation('Sentence.', round));
  await second.log.close();
  expect(second.events).toEqual([limit]);
  expect(await logNames()).toHaveLength(1);
});

test('a long-lived log looks again at what others have written', async () => {
  const { log, events } = open({ maxBytes: 3 * 2 ** 20 });
  const text = 'x'.repeat(1000);
  const write = async () => {
    for (let line = 0; line < 500; line++) log.record(observation(text, line, { agent: text }));
    await log.flush();
  };
  await write();
  await writeFile(join(directory, 'other.jsonl'), 'x'.repeat(3 * 2 ** 20));
  await write();
  expect(events).toEqual([]);
  await write();
  expect(events).toMatchObject([{ type: 'observation-limit' }]);
});

test('a directory that cannot be written to is one event, and no call notices', async () => {
  await writeFile(join(root, 'deep'), 'a file, where a directory was to be');
  const { log, events, clock } = open();
  log.record(observation('Welcome.', 0));
  await clock.advance(1000);
  log.record(observation('Welcome.', 0));
  await log.flush();
  await log.close();
  expect(events).toEqual([{ type: 'observation-error', error: expect.objectContaining({ code: 'ENOTDIR' }) }]);
});

test('a directory that vanishes midway is one event', async () => {
  const { log, events } = open();
  log.record(observation('Welcome.', 0));
  await log.flush();
  await rm(directory, { recursive: true });
  for (let round = 0; round < 3; round++) {
    log.record(observation('Welcome.', 0));
    await log.flush();
  }
  expect(events).toEqual([{ type: 'observation-error', error: expect.objectContaining({ code: 'ENOENT' }) }]);
});

test('a disk that hangs does not fill the memory', () => {
  const { log, events } = open();
  for (let round = 0; round <= 10_001; round++) log.record(observation('Welcome.', 0));
  expect(events).toEqual([{ type: 'observation-error', error: expect.any(Error) }]);
  expect(JSON.stringify(events)).not.toContain('Welcome');
});

test('without a listener a failure is one process warning, and a listener that throws another', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
  await writeFile(join(root, 'deep'), 'a file');
  const broken = new Error('broken');
  const failing = async (options: Partial<ObservationLogOptions>) => {
    const log = new ObservationLog({ directory, ...options });
    log.record(observation('Welcome.', 0));
    await log.close();
  };
  await failing({});
  await failing({
    onEvent: () => {
      throw broken;
    },
  });
  expect(warn.mock.calls).toEqual([
    [expect.stringContaining('ENOTDIR'), { type: 'WarmlineObservationWarning' }],
    [broken, { type: 'WarmlineListenerWarning' }],
  ]);
  warn.mockRestore();
});

test('options that cannot be meant are refused, a secret without being shown', () => {
  expect(() => open({ directory: '' })).toThrow('directory must be the path of a folder, got ""');
  expect(() => open({ maxBytes: 0 })).toThrow('maxBytes must be a number above 0, got 0');
  expect(() => open({ secret: 'hush' })).toThrow('secret must have at least 16 bytes, got 4');
});
