/** What a `FeedWatcher` tells about itself. */
export type WatchEvent =
  /** `live`: every commit is heard within moments. `lapsed`: nothing vouches for that any more; told once each. */
  | { readonly type: 'watch'; readonly state: 'live' | 'lapsed' }
  /** Commits may have been missed: what can be stale is doubted. */
  | { readonly type: 'watch-gap' }
  /** Commits that have been applied; several of the same agent or knowledge base count once. */
  | { readonly type: 'changes'; readonly count: number }
  /** The feed, its application or the record failed; it is tried again. A failed probe is told once in a row. */
  | { readonly type: 'watch-error'; readonly error: unknown };
