import type { Engine } from './engine.ts';

/** A value as the tiers keep it. */
export interface Prepared<V> {
  readonly value: V;
  readonly payload: Uint8Array | undefined;
  readonly valueBytes: number;
}

/** Encodes once, for the size and for the tiers; `undefined` when the value cannot be encoded. */
export function prepare<V>(engine: Engine<V>, value: V): Prepared<V> | undefined {
  const { codec, tiers } = engine.policy;
  try {
    const measurable = codec.shareable === true && codec.sizeOf !== undefined;
    const payload = measurable && tiers.length === 0 ? undefined : codec.encode(value);
    const own = codec.shareable === true || payload === undefined ? value : codec.decode(payload);
    const valueBytes = sizeOf(engine, own, payload);
    if (valueBytes === undefined) return undefined;
    engine.breakers.noteSize(valueBytes);
    return { value: own, payload, valueBytes };
  } catch {
    // A loader's value that cannot be stored is still a value; `set` asks the codec itself for the reason.
    return undefined;
  }
}

/** Bytes of a value in memory, whole; `undefined` when its codec cannot tell. */
export function sizeOf<V>({ policy }: Engine<V>, value: V, payload: Uint8Array | undefined): number | undefined {
  try {
    const bytes = Math.ceil(policy.codec.sizeOf?.(value) ?? payload?.byteLength ?? 0);
    return bytes >= 0 && Number.isFinite(bytes) ? bytes : undefined;
  } catch {
    return undefined;
  }
}
