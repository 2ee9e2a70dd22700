import type { WatchRecord, WatchState } from '@warmline/agent-config';
import type { HostTier } from '@warmline/cache-lmdb';

interface Written {
  readonly position?: string;
  readonly liveUntilMs: number;
}

/** What a machine knows of its change feed, kept in its host tier: written by the process that watches, read by all. */
export class HostWatch implements WatchRecord {
  readonly #host: HostTier;
  readonly #name: string;

  constructor(host: HostTier, scope: string) {
    this.#host = host;
    this.#name = `watch/${scope}`;
  }

  read(): { readonly position?: bigint } | undefined {
    const written = this.#read();
    if (written === undefined) return undefined;
    return written.position === undefined ? {} : { position: BigInt(written.position) };
  }

  write({ position, liveForMs }: { readonly position?: bigint; readonly liveForMs: number }): Promise<void> {
    const liveUntilMs = this.#host.now() + liveForMs;
    return this.#host.records.put(this.#name, {
      ...(position !== undefined && { position: position.toString() }),
      liveUntilMs,
    } satisfies Written);
  }

  /** Asked at every read of a cache that is watched: one look into mapped memory. */
  state(): WatchState {
    const written = this.#read();
    if (written === undefined) return 'none';
    return this.#host.now() < written.liveUntilMs ? 'live' : 'lapsed';
  }

  #read(): Written | undefined {
    const document = this.#host.records.get(this.#name);
    return isWritten(document) ? document : undefined;
  }
}

/** A record of another version may be anything. */
function isWritten(document: unknown): document is Written {
  if (typeof document !== 'object' || document === null) return false;
  const { position, liveUntilMs } = document as Partial<Record<keyof Written, unknown>>;
  return (
    typeof liveUntilMs === 'number' &&
    (position === undefined || (typeof position === 'string' && /^\d{1,20}$/u.test(position)))
  );
}
