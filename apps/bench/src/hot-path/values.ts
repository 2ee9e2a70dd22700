import { isDeepStrictEqual } from 'node:util';
import type { Codec } from '@warmline/cache-core';
import { bytesCodec } from '@warmline/cache-core';

/** Values of one kind, and how a loop uses them. */
export interface Payload<V extends object> {
  readonly name: 'object' | 'buffer';
  readonly label: string;
  readonly keys: readonly string[];
  readonly values: readonly V[];
  /** Warmline's codec; its default when undefined. */
  readonly codec: Codec<V> | undefined;
  /** A number that differs from key to key: summed up in the timed loop, it shows that each hit had its own value. */
  readonly read: (value: V) => number;
}

/** What a configuration or a profile looks like. */
export interface Profile {
  readonly id: number;
  readonly name: string;
  readonly languages: readonly string[];
  readonly voice: { readonly pitch: number; readonly pace: number };
  readonly prompt: string;
}

const OBJECT_BYTES = 1024;
const BUFFER_BYTES = 150 * 1024;

/** 1000 objects of 1 KB as JSON. */
export const objects: Payload<Profile> = {
  name: 'object',
  label: '1 KB object, 1000 keys',
  keys: keysOf('profile', 1000),
  values: Array.from({ length: 1000 }, (_, id) => profile(id)),
  codec: undefined,
  read: (value) => value.id,
};

/** 16 Buffers of 150 KB: three seconds of speech each. */
export const buffers: Payload<Uint8Array> = {
  name: 'buffer',
  label: '150 KB Buffer, 16 keys',
  keys: keysOf('speech', 16),
  values: Array.from({ length: 16 }, (_, id) => Buffer.alloc(BUFFER_BYTES, id + 1)),
  codec: bytesCodec,
  // Undefined where a peer gives back something that is no Buffer any more.
  read: (value) => value[0] ?? Number.NaN,
};

/** What a caller gets back in place of what was stored. */
export type Fidelity = 'same' | 'equal' | 'other type' | 'broken';

/** How true a hit is to what the loader returned. */
export function fidelityOf(found: unknown, stored: object): Fidelity {
  if (found === stored) return 'same';
  if (isDeepStrictEqual(found, stored)) return 'equal';
  const sameBytes = found instanceof Uint8Array && stored instanceof Uint8Array && Buffer.compare(found, stored) === 0;
  return sameBytes ? 'other type' : 'broken';
}

function keysOf(kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, id) => flat(`${kind}:tenant-7:${String(id).padStart(6, '0')}`));
}

/** A concatenated string is a tree until it is first hashed; through a Buffer it is one piece from the start. */
export function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function profile(id: number): Profile {
  const small = {
    id,
    name: `agent ${id}`,
    languages: ['hi-IN', 'en-IN'],
    voice: { pitch: 0.1, pace: 1.05 },
    prompt: '',
  };
  return { ...small, prompt: flat('p'.repeat(OBJECT_BYTES - JSON.stringify(small).length)) };
}
