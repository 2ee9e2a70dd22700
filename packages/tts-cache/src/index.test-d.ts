import type { tts } from '@livekit/agents';
import { expectTypeOf, test } from 'vitest';
import type { CachedTts, PhraseEvent } from './index.ts';
import { cachedTts } from './index.ts';

declare const inner: tts.TTS;

test('a voice is required: an object of plain settings or a function that returns one', () => {
  expectTypeOf(() => cachedTts(inner, { voice: { speaker: 'asha', pace: 1.1 } })).returns.toEqualTypeOf<CachedTts>();
  expectTypeOf(() => cachedTts(inner, { voice: () => ({ speaker: 'asha' }) })).returns.toEqualTypeOf<CachedTts>();
  // @ts-expect-error no options
  void (() => cachedTts(inner));
  // @ts-expect-error no voice
  void (() => cachedTts(inner, {}));
  // @ts-expect-error a voice is settings, not a name
  void (() => cachedTts(inner, { voice: 'asha' }));
  // @ts-expect-error settings are plain values
  void (() => cachedTts(inner, { voice: { style: { mood: 'calm' } } }));
  // @ts-expect-error also when a function returns it
  void (() => cachedTts(inner, { voice: () => ({ style: ['calm'] }) }));
});

test('a list of TTS needs a list of voices', () => {
  expectTypeOf(() => cachedTts([inner, inner], { voice: [{ a: 1 }, () => ({ a: 2 })] })).returns.toExtend<tts.TTS>();
  // @ts-expect-error one voice for several TTS
  void (() => cachedTts([inner, inner], { voice: { speaker: 'asha' } }));
  // @ts-expect-error several voices for one TTS
  void (() => cachedTts(inner, { voice: [{ speaker: 'asha' }] }));
});

test('events are told apart by their type', () => {
  expectTypeOf<PhraseEvent['type']>().toEqualTypeOf<'speech' | 'not-stored' | 'unspoken' | 'provider-down'>();
  expectTypeOf<Extract<PhraseEvent, { type: 'speech' }>['source']>().toEqualTypeOf<'stored' | 'shared' | 'recorded'>();
});
