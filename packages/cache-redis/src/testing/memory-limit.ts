import { randomUUID } from 'node:crypto';
import type { RedisServer } from './redis-server.ts';

/** Of what is in use: so far below it that no buffer that a client gives back lets a write through. */
const FULL_PART = 0.9;

/** A server's memory limit, and what it was before. */
export class MemoryLimit {
  readonly #server: RedisServer;
  #before: readonly (readonly [name: string, value: string])[] = [];

  constructor(server: RedisServer) {
    this.#server = server;
  }

  /** @throws Error if writes are not refused now. */
  async fill(): Promise<void> {
    const server = this.#server;
    if (this.#before.length === 0) {
      this.#before = await Promise.all(['maxmemory-policy', 'maxmemory'].map((name) => this.#setting(name)));
    }
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await server.command(
      'CONFIG',
      'SET',
      'maxmemory',
      Math.floor(Number(await server.info('used_memory')) * FULL_PART),
    );
    const answer = await this.#tryToWrite();
    if (!String(answer).includes('OOM')) throw new Error(`a full server answered ${String(answer)}`);
  }

  async unfill(): Promise<void> {
    // Room first: before that, the old policy could evict.
    for (const [name, value] of this.#before.toReversed()) await this.#server.command('CONFIG', 'SET', name, value);
    this.#before = [];
  }

  /** A node of a cluster sends away the keys of others. */
  async #tryToWrite(): Promise<unknown> {
    for (;;) {
      const answer = await this.#server.command('SET', `warmline:${randomUUID()}`, '').catch((error: unknown) => error);
      if (!String(answer).includes('MOVED')) return answer;
    }
  }

  async #setting(name: string): Promise<readonly [string, string]> {
    const [, value] = (await this.#server.command('CONFIG', 'GET', name)) as [string, string];
    return [name, value];
  }
}
