import { expect, test } from 'vitest';
import { Breaker } from './breaker.ts';

test('three failures in a row open it, one probe at a time closes it', () => {
  const breaker = new Breaker();
  for (let i = 0; i < 3; i++) {
    expect(breaker.isOpen).toBe(false);
    expect(breaker.admit(0)).toBe('call');
    breaker.report(false, false, 0);
  }
  expect(breaker.isOpen).toBe(true);
  expect(breaker.admit(199)).toBe('skip');
  expect(breaker.admit(200)).toBe('probe');
  expect(breaker.admit(5_000)).toBe('skip');
  breaker.report(false, true, 5_000);
  expect(breaker.admit(5_199)).toBe('skip');
  expect(breaker.admit(5_200)).toBe('probe');
  breaker.report(true, true, 5_201);
  expect(breaker.admit(5_201)).toBe('call');
});

test('a late answer of before neither closes it nor keeps it open', () => {
  const breaker = new Breaker();
  for (let i = 0; i < 10; i++) breaker.report(false, false, 0);
  breaker.report(true, false, 100);
  expect(breaker.isOpen).toBe(true);
  expect(breaker.admit(200)).toBe('probe');
});

test('one failure in three leaves it closed; a reset forgets', () => {
  const breaker = new Breaker();
  for (let i = 0; i < 300; i++) breaker.report(i % 3 !== 0, false, 0);
  expect(breaker.isOpen).toBe(false);
  for (let i = 0; i < 3; i++) breaker.report(false, false, 0);
  expect(breaker.isOpen).toBe(true);
  breaker.reset();
  expect(breaker.admit(0)).toBe('call');
  // A probe of before the reset.
  breaker.report(false, true, 0);
  expect(breaker.isOpen).toBe(false);
});
