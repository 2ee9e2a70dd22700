import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { logBytes, readLogs } from './log-directory.ts';
import { ObservationLog } from './observation-log.ts';
import { observation } from './observation.fixture.ts';
import { UsageError } from './usage-error.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'warmline-logs-'));
});

afterEach(() => rm(root, { recursive: true }));

async function write(machine: string, text: string): Promise<string> {
  const directory = join(root, machine);
  const log = new ObservationLog({ directory });
  log.record(observation(text, 0));
  await log.close();
  return directory;
}

test('several directories are read as one', async () => {
  const directories = [await write('a', 'One.'), await write('b', 'Two.')];
  expect((await readLogs(directories)).observations).toHaveLength(2);
});

test('few logs are weighed each, of many a sample', async () => {
  const weigh = async (files: number): Promise<number> => {
    const directory = await mkdtemp(join(root, 'many-'));
    const names = Array.from({ length: files }, (_, index) => ({ index, path: join(directory, `${index}.jsonl`) }));
    await Promise.all(names.map(({ index, path }) => writeFile(path, 'x'.repeat(50 + (index % 101)))));
    await writeFile(join(directory, 'secret'), 'x'.repeat(1000));
    return logBytes(directory);
  };
  expect(await weigh(0)).toBe(0);
  expect(await weigh(101)).toBe(101 * 100);
  expect(Math.abs((await weigh(2020)) / (2020 * 100) - 1)).toBeLessThan(0.2);
});

test('half a line, and a line of somebody else, are counted and left out', async () => {
  const directory = await write('a', 'One.');
  const name = (await readdir(directory)).find((each) => each.endsWith('.jsonl'));
  await appendFile(join(directory, name!), '{"key":"00","text\n{"level":"info"}\nnull\n');
  await writeFile(join(directory, 'notes.txt'), 'not a log');
  expect(await readLogs([directory])).toMatchObject({ unreadable: 3, observations: [{ call: 'call-1' }] });
});

test.each(['missing', 'empty', 'strange'])('a directory that is %s is refused by name', async (name) => {
  await mkdir(join(root, 'empty'));
  await mkdir(join(root, 'strange'));
  await writeFile(join(root, 'strange', 'x.jsonl'), '{"level":"info"}\n');
  const reading = readLogs([await write('a', 'One.'), join(root, name)]);
  await expect(reading).rejects.toThrow(UsageError);
  await expect(reading).rejects.toThrow(join(root, name));
});
