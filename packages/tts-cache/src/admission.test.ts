import { expect, test } from 'vitest';
import { admitPhrase } from './admission.ts';

test.each([
  'Hello.',
  'How may I help you today?',
  'That is 500 rupees.',
  'Show time is 7:20.',
  'आपका स्वागत है।',
  'कुल १२३ रुपये।',
  'Write to us at our website.',
  'Meet me @ noon.',
  'x'.repeat(199),
])('%s is admitted', (sentence) => {
  expect(admitPhrase(sentence)).toBe(true);
});

test.each([
  ['a one-time password', 'Your code is 4829.'],
  ['digits far apart', 'Flat 12, house 3, lane 4.'],
  ['Hindi digits', 'आपका कोड १२३४ है।'],
  ['Tamil digits', 'குறியீடு ௧௨௩௪.'],
  ['digits of two scripts', 'कोड १२ और 34.'],
  ['a phone number', 'Call 98-10-12.'],
  ['an e-mail address', 'Mail care@example.com now.'],
  ['an e-mail address of another script', 'मेल करें सेवा@उदाहरण.भारत पर।'],
  ['200 characters', 'x'.repeat(200)],
])('%s is not: %s', (_, sentence) => {
  expect(admitPhrase(sentence)).toBe(false);
});
