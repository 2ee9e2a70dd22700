import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentConfig } from '@warmline/agent-config/convex';
import { type TestConvex, convexTest } from 'convex-test';
import type { Infer } from 'convex/values';
import { api } from './_generated/api.js';
import schema from './schema.ts';

export const secret = 'the secret of the tests';
process.env['WARMLINE_SERVICE_SECRET'] = secret;

export type Backend = TestConvex<typeof schema>;
type Modules = Record<string, () => Promise<Record<string, unknown>>>;

/** The modules that Convex would deploy, and one that tells where they are. */
export const modules: Modules = Object.fromEntries(
  readdirSync(import.meta.dirname)
    .filter((file) => /^[^.]+\.ts$/.test(file) && file !== 'schema.ts')
    .map((file) => [`./${file}`, () => import(/* @vite-ignore */ join(import.meta.dirname, file))]),
);
modules['./_generated/api.js'] = () => import('./_generated/api.js');

/** An empty backend with the limits that Convex has. */
export function backend(replaced: Modules = {}): Backend {
  return convexTest({ schema, modules: { ...modules, ...replaced }, transactionLimits: true });
}

export type StoredConfig = Infer<typeof schema.tables.agents.validator>['config'];

export function agentConfig(changed: Partial<AgentConfig> = {}): StoredConfig {
  return {
    name: 'Asha',
    language: 'hi-IN',
    greeting: 'नमस्ते! "कैसे" हैं आप?',
    instructions: 'You book appointments.\n',
    voice: { provider: 'sarvam', model: 'bulbul:v2', speaker: 'anushka', pace: 1.1 },
    model: { provider: 'openai', model: 'gpt-4o-mini' },
    rules: ['Never give medical advice.'],
    tools: [{ name: 'book', description: 'Books an appointment.' }],
    ...changed,
  } as StoredConfig;
}

export async function organization(t: Backend, name = 'Acme'): Promise<string> {
  return (await t.mutation(api.organizations.create, { secret, name })).organizationId;
}
