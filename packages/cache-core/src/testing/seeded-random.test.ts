import { expect, test } from 'vitest';
import { pickBytes, pickInteger, seededRandom } from './seeded-random.ts';

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(draw(1)).toMatchInlineSnapshot(`
    [
      0.6270739405881613,
      0.002735721180215478,
      0.5274470399599522,
      0.9810509674716741,
      0.9683778982143849,
    ]
  `);
});

test('numbers are spread evenly from 0 to 1', () => {
  const random = seededRandom(7);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let draw = 0; draw < 10_000; draw++) counts[Math.floor(random() * 10)]!++;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test('whole numbers reach both ends and go no further; bytes are of the length asked', () => {
  const random = seededRandom(7);
  const seen = new Set(Array.from({ length: 200 }, () => pickInteger(random, 3, 6)));
  expect(seen).toEqual(new Set([3, 4, 5, 6]));
  expect(pickBytes(seededRandom(1), 1000)).toEqual(pickBytes(seededRandom(1), 1000));
  expect(new Set(pickBytes(random, 10_000)).size).toBe(256);
});
