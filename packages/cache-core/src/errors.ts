/** What can go wrong that is the cache's own doing; everything else reaches the caller as it was thrown. */
export type CacheErrorCode = 'ERR_CACHE_LOAD_TIMEOUT' | 'ERR_CACHE_DEADLINE';

/** An error of the cache itself. It names no key and no value. */
export class CacheError extends Error {
  override readonly name = 'CacheError';
  readonly code: CacheErrorCode;

  constructor(code: CacheErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
