import { expect, test } from 'vitest';
import { priceOf } from './prices.ts';

test('a list price has its currency and its date', () => {
  expect(priceOf('sarvam', 'bulbul:v3')).toMatchObject({
    currency: 'INR',
    perThousandChars: 3,
    asOf: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
  });
});

test('names of providers are compared without case, models by their beginning', () => {
  expect(priceOf('Sarvam', 'bulbul:v3-beta')?.perThousandChars).toBe(3);
});

test.each([
  ['sarvam', 'bulbul:v2'],
  ['sarvam', 'unknown'],
  ['unknown', 'bulbul:v3'],
])('%s %s has no known price', (provider, model) => {
  expect(priceOf(provider, model)).toBeUndefined();
});
