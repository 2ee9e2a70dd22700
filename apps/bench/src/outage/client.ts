import { RedisServer } from '@warmline/cache-redis/testing';
import type { Child } from '../processes/child.ts';
import type { Family } from '../processes/family.ts';
import type { ClientCalls, ClientReads } from './client-child.ts';

/** How a server is not there. */
export type Absence = 'killed' | 'hung' | 'never_there';

/** `RedisCache`, the client for any service, in front of a server that is not there. */
export interface ClientResult {
  readonly absence: Absence;
  readonly serverPid: number;
  readonly reads: ClientReads;
}

const ABSENCES: readonly Absence[] = ['killed', 'hung', 'never_there'];

/** Each with a server and a process of its own; what is timed is so one after another. */
export async function measureClient(family: Family, reads: number): Promise<ClientResult[]> {
  const stages = await Promise.all(ABSENCES.map((absence) => open(family, absence)));
  const results: ClientResult[] = [];
  for (const { absence, server, child } of stages) {
    if (absence === 'killed') await server.kill();
    if (absence === 'hung') await server.pause();
    results.push({ absence, serverPid: server.pid, reads: await child.ask('read', { reads }) });
    await server[Symbol.asyncDispose]();
  }
  await Promise.all(stages.map(({ child }) => child.ask('close', {})));
  return results;
}

interface ClientStage {
  readonly absence: Absence;
  readonly server: RedisServer;
  readonly child: Child<ClientCalls>;
}

async function open(family: Family, absence: Absence): Promise<ClientStage> {
  const [server, child] = await Promise.all([
    RedisServer.start(),
    family.start<ClientCalls>('client', { from: import.meta.url, file: 'client-child' }),
  ]);
  if (absence === 'never_there') await server.kill();
  await child.ask('open', { url: server.url });
  return { absence, server, child };
}
