import { expect, it } from 'vitest';
import { isSpeakable } from './index.ts';

it.each(['a', 'É', '5', '५', 'क', 'த', '好', '𝐀', '?! ok', '½'])('%s is speakable', (text) => {
  expect(isSpeakable(text)).toBe(true);
});

it.each(['', ' \n', '...', '।', '🙂', '\u094d', '\ud835', '—', '₹', '\u200d'])('%j is not', (text) => {
  expect(isSpeakable(text)).toBe(false);
});
