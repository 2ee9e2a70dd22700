import { expectTypeOf, test } from 'vitest';
import type { AgentConfig, AgentDocument, AgentShape, AgentSource, CachedPrompt, LoadedAgent } from './index.ts';
import { AgentConfigService } from './index.ts';
import type { parseAgentDocument } from './parse-agent-document.ts';

declare const source: AgentSource;
interface Persona {
  readonly persona: string;
}
declare const shape: AgentShape<Persona>;

test('a service is one of our configurations, unless a shape says otherwise', () => {
  const service = new AgentConfigService({ source });
  expectTypeOf(service).toEqualTypeOf<AgentConfigService>();
  expectTypeOf(service.loadAgentConfig('a')).resolves.toEqualTypeOf<LoadedAgent | null>();
  expectTypeOf(service.getCachedFullPrompt('a')).resolves.toEqualTypeOf<CachedPrompt | null>();
  const other = new AgentConfigService({ source, shape });
  expectTypeOf(other.loadAgentConfig('a')).resolves.toEqualTypeOf<LoadedAgent<Persona> | null>();
  // @ts-expect-error a configuration of another shape needs its own parser and prompt
  expectTypeOf(new AgentConfigService<Persona>({ source })).not.toBeAny();
});

test('what is parsed is what the type says', () => {
  expectTypeOf<ReturnType<typeof parseAgentDocument>>().toEqualTypeOf<AgentDocument>();
  expectTypeOf<LoadedAgent>().not.toHaveProperty('fullPrompt');
  expectTypeOf<LoadedAgent['config']>().toEqualTypeOf<AgentConfig>();
});
