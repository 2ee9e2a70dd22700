import { expect, test } from 'vitest';
import { changeOf } from '../feed.fixture.ts';
import { parseWindow } from './parse-window.ts';

test('a window is taken as it is', () => {
  const window = { changes: [changeOf(1), changeOf(1, 'b'), changeOf(2)], isWhole: false };
  expect(parseWindow(window)).toEqual(window);
});

test.each([
  [null, 'the document must be object, got null'],
  [{ changes: 1, isWhole: true }, 'changes must be array, got number'],
  [{ changes: [] }, 'isWhole must be boolean, got undefined'],
  [{ changes: [{ ...changeOf(1), at: 1 }], isWhole: true }, 'changes.0.at must be bigint, got number'],
  [
    { changes: [{ ...changeOf(1), kind: 'x' }], isWhole: true },
    'changes.0.kind must be one of agent, knowledge, got string',
  ],
  [
    { changes: [changeOf(2), changeOf(1)], isWhole: true },
    'changes must be in the order of their commits, but changes.1 is older than the one before',
  ],
])('anything else is an error that names the field: %o', (value, message) => {
  expect(() => parseWindow(value)).toThrow(new TypeError(message));
});
