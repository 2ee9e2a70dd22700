import { Access } from './access.ts';
import type { RedisCacheListener, RedisCacheOperation } from './cache-events.ts';
import { listenerOf } from './cache-events.ts';
import { CacheMetrics } from './cache-metrics.ts';
import type { RedisCacheOptions, RedisCachePolicy } from './cache-options.ts';
import { resolvePolicy } from './cache-options.ts';
import type { CacheFault } from './fault.ts';
import { faultOf } from './fault.ts';
import type { Gate } from './gate.ts';
import { LargeCategories } from './large-categories.ts';
import { categoryOf, Namespace } from './namespace.ts';

/** What one call is about: a key, or something that has no key of its own. */
export interface Subject {
  readonly operation: RedisCacheOperation;
  readonly key?: unknown;
  /** @default that of the key */
  readonly category?: string;
}

/** What the methods of one `RedisCache` share: the way to Redis, what was counted, and what becomes of a failure. */
export class CacheState {
  readonly policy: RedisCachePolicy;
  readonly namespace: Namespace;
  readonly metrics: CacheMetrics = new CacheMetrics();
  readonly large: LargeCategories = new LargeCategories();
  readonly #options: RedisCacheOptions;
  readonly #tell: RedisCacheListener;
  #access: Access | undefined;
  #isEnabled = false;
  #isClosed = false;
  #connectionErrors = 0;
  #refusal: string | undefined;

  /** @throws TypeError for an option that cannot be right. */
  constructor(options: RedisCacheOptions) {
    this.policy = resolvePolicy(options);
    this.#options = { ...options };
    const { prefix = 'warmline', scope = 'default', enabled = true } = options;
    this.namespace = new Namespace(prefix, scope);
    this.#tell = listenerOf(options.onEvent);
    if (enabled) this.enable();
  }

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get access(): Access | undefined {
    return this.#access;
  }

  /** Calls that found no connection, or no answer in time. */
  get connectionErrors(): number {
    return this.#connectionErrors;
  }

  /** What Redis has said to the last write, e.g. `OOM`, unless it took it. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  enable(): void {
    if (this.#isClosed) return;
    this.#access ??= new Access({ options: this.#options, policy: this.policy, tell: this.#tell });
    this.#isEnabled = true;
  }

  disable(): void {
    this.#isEnabled = false;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isEnabled = false;
    await this.#access?.close();
  }

  /** The one place where a failure becomes what the caller gets instead. A cache that is not enabled does not even try. */
  async attempt<T>(subject: Subject, otherwise: T, work: (gate: Gate) => Promise<T>): Promise<T> {
    const gate = this.#isEnabled ? this.#access?.gate : undefined;
    if (gate === undefined) return otherwise;
    try {
      return await work(gate);
    } catch (error) {
      this.failed(subject, faultOf(error));
      return otherwise;
    }
  }

  failed({ operation, key, category = categoryOf(key) }: Subject, { fault, code, isNoAnswer }: CacheFault): void {
    this.metrics.countError();
    if (isNoAnswer) this.#connectionErrors++;
    const isWrite = operation === 'set' || operation === 'setJson';
    if (fault === 'refused' && isWrite) this.#refusal = code;
    const keyHash = this.namespace.hashOf(key);
    const known = { ...(code !== undefined && { code }), ...(keyHash !== undefined && { keyHash }) };
    this.#tell({ type: 'cache-fault', operation, fault, category, ...known });
  }

  /** Redis has taken a write. */
  stored(isNew: boolean): void {
    this.#refusal = undefined;
    if (isNew) this.metrics.countSet();
  }

  isLarge(key: unknown): boolean {
    return this.large.has(categoryOf(key));
  }
}
