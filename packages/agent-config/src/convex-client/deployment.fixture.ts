import { setTimeout } from 'node:timers/promises';
import { startConvexSimulator } from '@warmline/convex-simulator';
import type { ConvexSimulator, ConvexSimulatorOptions } from '@warmline/convex-simulator';
import { ConvexHttpClient } from 'convex/browser';
import { makeFunctionReference } from 'convex/server';
import { configOf } from '../agents.fixture.ts';

export const SECRET = 'service "secret"';

/** The repository's functions on the simulator, with one organisation. */
export class DeploymentFixture {
  readonly simulator: ConvexSimulator;
  readonly #client: ConvexHttpClient;
  readonly #organizationId: string;

  constructor(simulator: ConvexSimulator, client: ConvexHttpClient, organizationId: string) {
    this.simulator = simulator;
    this.#client = client;
    this.#organizationId = organizationId;
  }

  static async start(options: ConvexSimulatorOptions = {}): Promise<DeploymentFixture> {
    const simulator = await startConvexSimulator({ env: { WARMLINE_SERVICE_SECRET: SECRET }, ...options });
    const client = new ConvexHttpClient(simulator.url, { logger: false });
    const { organizationId } = (await client.mutation(makeFunctionReference<'mutation'>('organizations:create'), {
      secret: SECRET,
      name: 'Acme',
    })) as { organizationId: string };
    return new DeploymentFixture(simulator, client, organizationId);
  }

  get url(): string {
    return this.simulator.url;
  }

  close(): Promise<void> {
    return this.simulator.close();
  }

  async create(greeting: string): Promise<string> {
    const { agentId } = (await this.#mutate('create', {
      organizationId: this.#organizationId,
      config: configOf(greeting),
    })) as { agentId: string };
    return agentId;
  }

  async update(agentId: string, greeting: string): Promise<void> {
    await this.#mutate('update', { agentId, config: configOf(greeting) });
  }

  async remove(agentId: string): Promise<void> {
    await this.#mutate('remove', { agentId });
  }

  #mutate(name: string, args: Record<string, unknown>): Promise<unknown> {
    return this.#client.mutation(makeFunctionReference<'mutation'>(`agents:${name}`), { secret: SECRET, ...args });
  }
}

/** Waits until it holds, at most 10 s. @returns how long that took, in milliseconds. */
export async function eventually(holds: () => boolean): Promise<number> {
  const startedMs = performance.now();
  while (!holds()) {
    if (performance.now() - startedMs > 10_000) throw new Error('the expected state was not reached within 10 s');
    await setTimeout(2);
  }
  return performance.now() - startedMs;
}

export { setTimeout as pause } from 'node:timers/promises';
