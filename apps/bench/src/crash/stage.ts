import type { EntryRef } from '@warmline/cache-core';
import { createKeyspace } from '@warmline/cache-core';
import type { AccountPermitsOptions, HostTierOptions } from '@warmline/cache-lmdb';

/** What all processes of the scenario agree on. */
export const STAGE: {
  readonly cacheName: string;
  /** Keys that are read again and again; others are written once. */
  readonly keys: number;
  /** Of the file: a third of a minute of writing is many times as much. */
  readonly maxBytes: number;
  /** Of a process's own tier: so small that reads come from the file. */
  readonly processBytes: number;
  readonly leaseMs: number;
  /** A term of the product: it is no option. */
  readonly permitTermMs: number;
  readonly permits: number;
} = {
  cacheName: 'crash',
  keys: 300,
  maxBytes: 16 * 2 ** 20,
  processBytes: 256 * 1024,
  leaseMs: 2_000,
  permitTermMs: 15_000,
  permits: 3,
};

const keyspace = createKeyspace({ name: STAGE.cacheName });

export function refOf(key: string): EntryRef {
  return keyspace.refOf(key);
}

/** The keys that are read again have numbers from 1. */
export function keyOf(number: number): string {
  return `key ${number}`;
}

/** A lease that only the process in this place takes. */
export function leaseOf(place: number): string {
  return `bench/crash/${place}`;
}

/** An account that only the process in this place has connections of. */
export function accountOf(place: number): AccountPermitsOptions {
  return { account: `place ${place}`, limit: 1 };
}

export const COMMON_ACCOUNT: AccountPermitsOptions = { account: 'common', limit: STAGE.permits };

export function tierOptions(unbounded: boolean): HostTierOptions {
  return { maxBytes: unbounded ? 100 * STAGE.maxBytes : STAGE.maxBytes };
}
