import type { Invalidation } from '@warmline/cache-core';

/** What a cache holds: a copy of the source as it was. */
export interface Copy {
  readonly version: number;
}

/** By then every process of a machine has heard what one of them was told. */
export const MACHINE_MS = 5;

/** What can make a value old. */
export type Strike = 'delete' | 'tag' | 'clear' | 'set';

const MESSAGES = { delete: 'keys', set: 'keys', tag: 'tags', clear: 'namespace' } as const;

/** One invalidation, from its call on. */
export interface Op {
  readonly by: string;
  readonly machine: number;
  readonly kind: Strike;
  /** Of the source when it was called. */
  readonly version: number;
  readonly messages: Set<Invalidation>;
  /** When the machine that it went out to had applied it. */
  readonly heardMs: Map<number, number>;
  resolved: boolean;
  /** When everybody it concerns has acknowledged: at once unless it was `pending`. */
  acknowledgedMs: number | undefined;
  wasPending: boolean;
}

/** Of a process that came later and shares nothing but the cluster: what its tier has acknowledged binds it. */
export const NO_MACHINE = 0;

/** Who reads or invalidates. */
export interface Who {
  readonly name: string;
  readonly machine: number;
}

/**
 * The source, and the rule by which every read is judged: once an invalidation has resolved, no read that starts later is
 * served an older version than the source had when it was called. It holds at once for the cache that was told, 5 ms
 * later for the other processes of its machine, and for another machine 5 ms after that machine has applied the message.
 * One that is `pending` counts from when it has been acknowledged; for the cache that was told it counts at once all the
 * same, unless somebody can copy the old value from the tier that lags into one that does not.
 */
export class Truth {
  readonly ops: Op[] = [];
  readonly #pendingHolds: boolean;
  #version = 0;

  /** @param sharedTiers of one cache. */
  constructor(sharedTiers: number) {
    this.#pendingHolds = sharedTiers < 2;
  }

  get version(): number {
    return this.#version;
  }

  change(): void {
    this.#version++;
  }

  call(who: Who, kind: Strike): Op {
    const op: Op = {
      by: who.name,
      machine: who.machine,
      kind,
      version: this.#version,
      messages: new Set(),
      heardMs: new Map(),
      resolved: false,
      acknowledgedMs: undefined,
      wasPending: false,
    };
    this.ops.push(op);
    return op;
  }

  resolve(op: Op, pending: boolean, nowMs: number): void {
    op.resolved = true;
    op.wasPending = pending;
    if (!pending) op.acknowledgedMs = nowMs;
  }

  /** The outbox of a cache has become empty. */
  acknowledge(name: string, nowMs: number): void {
    for (const op of this.ops) if (op.by === name && op.resolved) op.acknowledgedMs ??= nowMs;
  }

  /** A message belongs to the invalidation under way, or to the one that is being repeated. */
  published(name: string, message: Invalidation): void {
    const own = this.ops.filter(
      (op) => op.by === name && op.acknowledgedMs === undefined && MESSAGES[op.kind] === message.kind,
    );
    const op = own.find(({ resolved, messages }) => !resolved && messages.size === 0) ?? own[0];
    op?.messages.add(message);
  }

  heard(machine: number, message: Invalidation, nowMs: number): void {
    for (const op of this.ops) if (op.messages.has(message) && !op.heardMs.has(machine)) op.heardMs.set(machine, nowMs);
  }

  /** The oldest version that a read which starts now may return; 0 when nothing was promised yet. */
  oldest(who: Who, nowMs: number): number {
    return Math.max(0, ...this.ops.filter((op) => this.#holds(op, who, nowMs)).map((op) => op.version));
  }

  /** Invalidations that have resolved, and were not acknowledged by all who should hear of them. */
  get unacknowledged(): number {
    return this.ops.filter((op) => op.resolved && op.acknowledgedMs === undefined).length;
  }

  #holds(op: Op, who: Who, nowMs: number): boolean {
    if (op.by === who.name && op.resolved && this.#pendingHolds) return true;
    if (op.acknowledgedMs === undefined) return false;
    if (op.by === who.name) return true;
    if (op.machine === who.machine || who.machine === NO_MACHINE) return nowMs >= op.acknowledgedMs + MACHINE_MS;
    const heardMs = op.heardMs.get(who.machine);
    return heardMs !== undefined && nowMs >= Math.max(op.acknowledgedMs, heardMs) + MACHINE_MS;
  }
}
