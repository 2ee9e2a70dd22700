/** What a process can be asked to do, by name. */
export type Calls<C> = { readonly [Name in keyof C]: (input: never) => unknown };

/** A question to a child process. */
export interface Question {
  readonly id: number;
  readonly call: string;
  readonly input: unknown;
}

/** What a child process says. */
export type Answer =
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly message: string }
  | { readonly type: 'note'; readonly note: unknown };
