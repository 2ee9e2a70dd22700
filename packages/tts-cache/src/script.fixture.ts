import { MemorySharedTier } from '@warmline/cache-core';
import type { Cache, SharedTier } from '@warmline/cache-core';
import { vi } from 'vitest';
import { FakeTts } from './fake-tts.fixture.ts';
import type { FakeOptions } from './fake-tts.fixture.ts';
import type { CachedTts, CachedTtsOptions, PhraseEvent, Speech, Voice } from './index.ts';
import { cachedTts, createPhraseCache } from './index.ts';
import { MemoryInventory } from './inventory.fixture.ts';
import { phraseKey } from './phrase-key.ts';

/** An agent with a script, and what it writes down. */
export interface Agent {
  readonly inner: FakeTts;
  readonly cache: Cache<Speech>;
  readonly inventory: MemoryInventory;
  readonly wrapped: CachedTts;
  readonly events: PhraseEvent[];
  /** What the provider was sent. */
  readonly spoken: () => readonly string[];
  /** The key of a sentence in the voice `speaker`. */
  readonly keyOf: (sentence: string, speaker?: string) => string;
}

export function agent(fake: FakeOptions = {}, options: Partial<CachedTtsOptions> & { voice?: Voice } = {}): Agent {
  const inner = new FakeTts(fake);
  const { cache = createPhraseCache(), inventory = new MemoryInventory() } = options;
  const events: PhraseEvent[] = [];
  const wrapped = cachedTts(inner, {
    voice: () => ({ speaker: inner.speaker }),
    onEvent: (event) => events.push(event),
    ...options,
    cache,
    inventory,
  });
  return {
    inner,
    cache,
    inventory: inventory as MemoryInventory,
    wrapped,
    events,
    spoken: () => inner.spoken.map(({ text }) => text),
    keyOf: (sentence, speaker = inner.speaker) => phraseKey(inner, { speaker }, sentence),
  };
}

/** A tier that counts what it is told to forget. */
export class CountingTier extends MemorySharedTier {
  invalidations = 0;

  override async invalidate(...args: Parameters<SharedTier['invalidate']>): Promise<void> {
    this.invalidations++;
    return super.invalidate(...args);
  }
}

/** Waits until the assertions hold, on however slow a machine. */
export function until(assertions: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(assertions, { timeout: 15_000, interval: 5 });
}
