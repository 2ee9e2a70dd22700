import { OTHER_CATEGORY } from './namespace.ts';

/** As percentages are shown to people: `77.99%`. */
export interface CategorySummary {
  readonly hits: number;
  readonly misses: number;
  readonly hit_rate: string;
}

/** @see CacheMetrics.summary */
export interface MetricsSummary extends CategorySummary {
  readonly total_requests: number;
  readonly sets: number;
  readonly deletes: number;
  readonly errors: number;
  /** By the first segment of their keys. */
  readonly categories: Readonly<Record<string, CategorySummary>>;
}

interface Counted {
  hits: number;
  misses: number;
}

const MAX_CATEGORIES = 64;

/** What one `RedisCache` has done in this process, since its start or the last `reset()`. */
export class CacheMetrics {
  readonly #categories = new Map<string, Counted>();
  readonly #total: Counted = { hits: 0, misses: 0 };
  #sets = 0;
  #deletes = 0;
  #errors = 0;

  get hits(): number {
    return this.#total.hits;
  }

  /** Everything that `get` and `getJson` did not find, for whatever reason. */
  get misses(): number {
    return this.#total.misses;
  }

  /** Values stored. */
  get sets(): number {
    return this.#sets;
  }

  /** Keys that were there and were removed. */
  get deletes(): number {
    return this.#deletes;
  }

  /** Calls that ended in a fault. */
  get errors(): number {
    return this.#errors;
  }

  /** Categories by name; from the 65th on they are counted together as `other`. */
  get categories(): ReadonlyMap<string, Readonly<Counted>> {
    return this.#categories;
  }

  /** Hits by requests, 0 to 1, of all or of one category; 0 when nothing was asked. */
  hitRate(category?: string): number {
    const counted = category === undefined ? this.#total : this.#categories.get(category);
    return rateOf(counted);
  }

  summary(): MetricsSummary {
    const { hits, misses } = this.#total;
    return {
      total_requests: hits + misses,
      ...summaryOf(this.#total),
      sets: this.#sets,
      deletes: this.#deletes,
      errors: this.#errors,
      categories: Object.fromEntries([...this.#categories].map(([name, counted]) => [name, summaryOf(counted)])),
    };
  }

  /** All to 0. */
  reset(): void {
    this.#categories.clear();
    this.#total.hits = 0;
    this.#total.misses = 0;
    this.#sets = 0;
    this.#deletes = 0;
    this.#errors = 0;
  }

  /** @internal */
  countRead(category: string, isHit: boolean): void {
    const kind = isHit ? 'hits' : 'misses';
    this.#total[kind]++;
    this.#of(category)[kind]++;
  }

  /** @internal */
  countSet(): void {
    this.#sets++;
  }

  /** @internal */
  countDeleted(keys: number): void {
    this.#deletes += keys;
  }

  /** @internal */
  countError(): void {
    this.#errors++;
  }

  #of(category: string): Counted {
    const known = this.#categories.get(category);
    if (known !== undefined) return known;
    if (this.#categories.size >= MAX_CATEGORIES && category !== OTHER_CATEGORY) return this.#of(OTHER_CATEGORY);
    const counted = { hits: 0, misses: 0 };
    this.#categories.set(category, counted);
    return counted;
  }
}

function rateOf({ hits, misses }: Readonly<Counted> = { hits: 0, misses: 0 }): number {
  return hits + misses === 0 ? 0 : hits / (hits + misses);
}

function summaryOf(counted: Readonly<Counted>): CategorySummary {
  return { hits: counted.hits, misses: counted.misses, hit_rate: `${(rateOf(counted) * 100).toFixed(2)}%` };
}
