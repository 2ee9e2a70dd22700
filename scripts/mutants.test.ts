import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly test: string;
}

const mutants = JSON.parse(readFileSync('mutants.json', 'utf8')) as readonly Mutant[];

test('every mutant still applies, to exactly one place, and names a test that exists', () => {
  const stale = mutants.filter(
    ({ file, find, test: path }) => readFileSync(file, 'utf8').split(find).length !== 2 || !existsSync(path),
  );
  expect(stale.map(({ name }) => name)).toEqual([]);
});

test('no two mutants have the same name', () => {
  expect(mutants.length).toBeGreaterThan(100);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});
