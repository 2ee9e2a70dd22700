import { expect, test } from 'vitest';
import { expandContraction } from './contractions.ts';

test('two endings are taken off, what is before them is a word', () => {
  expect(expandContraction("couldn't've")).toEqual(['could', 'not', 'have']);
  expect(expandContraction("what's")).toEqual(['what', 'is']);
  expect(expandContraction("I'd've")).toEqual(['I', 'would', 'have']);
  expect(expandContraction("a'll'll'll")).toEqual(['all', 'will', 'will']);
});

test.each([12_000, 100_000, 1_000_000])('%i endings take no time and no stack', (count) => {
  const before = process.cpuUsage();
  expect(expandContraction(`a${"'ll".repeat(count)}`)).toHaveLength(3);
  const { user, system } = process.cpuUsage(before);
  expect(user + system).toBeLessThan(1_000_000);
});
