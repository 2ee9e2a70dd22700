import type { Infer } from 'convex/values';
import { expectTypeOf, test } from 'vitest';
import type { AgentConfig, AgentDocument } from '../agent-config.ts';
import type { Change, ChangeWindow } from '../change-feed.ts';
import type { agentConfigValidator, agentDocumentValidator } from './agent-validators.ts';
import type { changeValidator, changeWindowValidator } from './change-validators.ts';

type Readonlys<T> = T extends (infer E)[]
  ? readonly Readonlys<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Readonlys<T[K]> }
    : T;

test('what Convex lets through is what the packages are written for', () => {
  expectTypeOf<Readonlys<Infer<typeof agentConfigValidator>>>().toEqualTypeOf<AgentConfig>();
  expectTypeOf<Readonlys<Infer<typeof agentDocumentValidator>>>().toEqualTypeOf<AgentDocument>();
  expectTypeOf<Readonlys<Infer<typeof changeValidator>>>().toEqualTypeOf<Change>();
  expectTypeOf<Readonlys<Infer<typeof changeWindowValidator>>>().toEqualTypeOf<ChangeWindow>();
});
