import { Redis } from 'ioredis';

/** Where a client finds its server. */
export interface ClientTarget {
  readonly port: number;
  readonly password: string | undefined;
  /** For one command, with the connecting that it waits for. */
  readonly timeoutMs: number;
}

/**
 * A client that only looks: it answers from a server that is loading, too, gives up after its timeout in whatever state the
 * server is, and does not keep the process alive.
 */
export function plainClient({ port, password, timeoutMs }: ClientTarget): Redis {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    ...(password === undefined ? {} : { password }),
    lazyConnect: true,
    protocol: 2,
    enableReadyCheck: false,
    maxRetriesPerRequest: null,
    commandTimeout: timeoutMs,
    retryStrategy: () => 20,
  });
  client.on('connect', () => client.stream.unref());
  // Each command says for itself that it failed.
  client.on('error', () => {});
  return client;
}
