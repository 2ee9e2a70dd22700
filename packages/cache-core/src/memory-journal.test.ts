import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Invalidation } from './index.ts';
import { MemoryJournal } from './index.ts';

const record = (id: number): Invalidation => ({ kind: 'keys', namespace: 'w:s:n', keys: [`w:s:n:${id}`] });

test('it tells what has come since a sequence, oldest first', () => {
  const journal = new MemoryJournal();
  const before = journal.sequence();
  expect(journal.since(before)).toEqual([]);
  journal.append(record(1));
  const between = journal.sequence();
  journal.append(record(2));
  expect(between).not.toBe(before);
  expect(journal.since(before)).toEqual([record(1), record(2)]);
  expect(journal.since(between)).toEqual([record(2)]);
  expect(journal.since(journal.sequence())).toEqual([]);
});

test('for every sequence: exactly what came since, or that it no longer reaches back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.nat({ max: 30 }), (capacity, count) => {
      const journal = new MemoryJournal(capacity);
      const marks = [journal.sequence()];
      for (let id = 0; id < count; id++) {
        journal.append(record(id));
        marks.push(journal.sequence());
      }
      marks.forEach((mark, at) => {
        const missed = Array.from({ length: count - at }, (_, index) => record(at + index));
        expect(journal.since(mark)).toEqual(missed.length > capacity ? 'overrun' : missed);
      });
    }),
  );
});

test('a sequence it never gave, as of a journal that was lost, is an overrun', () => {
  const journal = new MemoryJournal();
  journal.append(record(1));
  expect(journal.since(journal.sequence() + 1)).toBe('overrun');
});

test.each([0, -1, 1.5, Number.NaN])('a capacity of %d is refused', (capacity) => {
  expect(() => new MemoryJournal(capacity)).toThrow(new RegExp(`capacity .*got ${capacity}`));
});
