import { expect, test } from 'vitest';
import { humanBytes } from './server-state.ts';

test.each([
  [0, '0B'],
  [1_023, '1023B'],
  [1_024, '1.00K'],
  [1_101_004, '1.05M'],
  [2 ** 30, '1.00G'],
  [1.5 * 2 ** 40, '1.50T'],
])('%d bytes are written as Redis writes them: %s', (bytes, text) => {
  expect(humanBytes(bytes)).toBe(text);
});
