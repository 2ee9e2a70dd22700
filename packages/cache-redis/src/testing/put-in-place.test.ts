import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { putInPlace } from './put-in-place.ts';

let folder: string;

function make(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'from'), name);
  return path;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'warmline-place-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  { standing: 'none', isGood: false, stays: 'fresh' },
  { standing: 'a good one', isGood: true, stays: 'place' },
  { standing: 'a broken one', isGood: false, stays: 'fresh' },
])('with $standing there, $stays is there afterwards', async ({ standing, isGood, stays }) => {
  const place = standing === 'none' ? join(folder, 'place') : make('place');
  await putInPlace(make('fresh'), place, async () => isGood);
  expect(readFileSync(join(place, 'from'), 'utf8')).toBe(stays);
  expect(readdirSync(folder)).toEqual(isGood ? ['fresh', 'place'] : ['place']);
});
