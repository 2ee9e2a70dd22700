import { convexChangeFeed } from '@warmline/agent-config/convex-client';
import { convexKnowledgeSource } from '@warmline/knowledge/convex-client';
import { startHost } from '@warmline/livekit';
import { serve } from '../processes/serve.ts';
import type { MemberPlace } from './member-child.ts';
import { Holds } from './holds.ts';
import type { Hold } from './holds.ts';
import { listenerOf } from './sabotage.ts';
import { SCOPE, SECRET } from './stage.ts';

/** What a machine's service has seen since the last time it was asked. */
export interface ServiceReport {
  /** How often it could not prove any more that it hears of changes. */
  readonly lapses: number;
  readonly gaps: number;
  readonly changes: number;
  readonly errors: number;
  /** When it did not get the processor. */
  readonly holds: readonly Hold[];
}

/** What this process can be asked. */
export interface ServiceCalls {
  open(input: MemberPlace): Promise<void>;
  /** Whether changes at the source are known to be heard of. */
  isLive(input: object): boolean;
  report(input: object): ServiceReport;
}

/** It is to act at once. */
const LATE_MS = 2;
const holds = new Holds(LATE_MS);
let isLive = false;
let counts = noCounts();

serve<ServiceCalls>({
  open: async ({ directory, convexUrl, redisUrl, sabotage }) => {
    const host = await startHost({ scope: SCOPE, directory, redis: redisUrl });
    if (sabotage === 'no-watch') {
      isLive = true;
      return;
    }
    const access = { url: convexUrl, secret: SECRET };
    const knowledge = host.warmline.knowledge({ source: convexKnowledgeSource(access) });
    host.watch(convexChangeFeed(access), {
      knowledge: listenerOf(knowledge, sabotage),
      onEvent: (event) => {
        if (event.type === 'watch') isLive = event.state === 'live';
        if (event.type === 'watch' && event.state === 'lapsed') counts.lapses++;
        if (event.type === 'watch-gap') counts.gaps++;
        if (event.type === 'changes') counts.changes += event.count;
        if (event.type === 'watch-error') counts.errors++;
      },
    });
  },
  isLive: () => isLive,
  report: () => {
    const report = { ...counts, holds: holds.take() };
    counts = noCounts();
    return report;
  },
});

function noCounts(): { lapses: number; gaps: number; changes: number; errors: number } {
  return { lapses: 0, gaps: 0, changes: 0, errors: 0 };
}
