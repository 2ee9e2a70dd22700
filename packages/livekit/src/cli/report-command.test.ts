import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ObservationLog } from '../observe/observation-log.ts';
import { observation } from '../observe/observation.fixture.ts';
import { addReportCommand } from './report-command.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'warmline-report-'));
});

afterEach(() => rm(root, { recursive: true }));

async function write(machine: string): Promise<string> {
  const directory = join(root, machine);
  const log = new ObservationLog({ directory, secret: 'the same on all machines' });
  log.record(observation('Welcome to the shop.', 0, { call: machine }));
  log.record(observation('Welcome to the shop.', 5000, { call: `${machine}-2` }));
  await log.close();
  return directory;
}

async function run(args: readonly string[], directory?: string) {
  const printed = { out: '', err: '' };
  const program = new Command('warmline')
    .exitOverride()
    .configureOutput({ writeOut: (text) => (printed.out += text), writeErr: (text) => (printed.err += text) });
  addReportCommand(program, directory);
  const exitCode = await program.parseAsync(['node', 'warmline', 'report', ...args]).then(
    () => 0,
    (error: unknown) => (error instanceof CommanderError ? error.exitCode : String(error)),
  );
  return { ...printed, exitCode };
}

test('prints a report of one directory or several', async () => {
  const [a, b] = [await write('a'), await write('b')];
  const one = await run([a]);
  expect(one).toMatchObject({ exitCode: 0, err: '' });
  expect(one.out).toContain('2 calls, 2 sentences');
  expect(one.out).toContain('50.0 %');
  const both = await run([a, b]);
  expect(both.out).toContain(`Observed in ${a}, ${b}`);
  expect(both.out).toContain('4 calls, 4 sentences');
});

test('the default directory is read when none is named', async () => {
  const a = await write('a');
  expect((await run([], a)).out).toContain(`Observed in ${a}`);
  expect(await run([])).toMatchObject({ exitCode: 2, err: expect.stringContaining('name the directory') });
});

test('a directory that is named twice counts once', async () => {
  const a = await write('a');
  expect((await run([a, `${a}/`])).out).toContain('2 calls, 2 sentences');
});

test('--json prints the forecast', async () => {
  const a = await write('a');
  const { out } = await run([a, '--json', '--price', '2.5', '--currency', 'EUR']);
  expect(JSON.parse(out)).toMatchObject({
    all: { sentences: 2, hits: 1 },
    perDay: { money: [{ currency: 'EUR', saved: 0.05, spent: 0.1 }] },
    directories: [a],
    secrets: 1,
    unreadable: 0,
  });
});

test.each([
  [['/nowhere/at/all'], 'cannot read /nowhere/at/all'],
  [['.', '--price', 'cheap'], "--price must be a number of at least 0, got 'cheap'"],
  [['.', '--price', '-1'], "--price must be a number of at least 0, got '-1'"],
])('wrong usage ends with status 2: %j', async (args, message) => {
  const { exitCode, err, out } = await run(args);
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
  expect(err).toContain(message);
});

test('a directory without observations ends with status 2', async () => {
  const { exitCode, err } = await run([root]);
  expect(exitCode).toBe(2);
  expect(err).toContain(`${root} holds no observations`);
});
