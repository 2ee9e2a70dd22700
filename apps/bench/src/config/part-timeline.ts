import type { ConvexProcess } from './convex-process.ts';
import type { Stage } from './stage.ts';

/** One moment of an update; milliseconds since the mutation was sent. */
export interface Moment {
  readonly where: string;
  readonly what: string;
  readonly atMs: number;
  readonly untilMs?: number;
}

/** One update, from the dashboard to every process. */
export interface Timeline {
  readonly moments: readonly Moment[];
  readonly repliedMs: number;
  /** Of all processes: the last read that began with the old version, and the first answer with the new one. */
  readonly lastOldMs: number;
  readonly allNewMs: number;
}

/** Updates one agent that all processes read every millisecond. The stage stays as it is set. */
export async function followUpdate(stage: Stage, convex: ConvexProcess): Promise<Timeline> {
  const { agentIds, machines, updater } = stage;
  const agent = agentIds.length - 1;
  const agentId = agentIds[agent] ?? '';
  const before = await updater.ask('run', { agents: [agent], count: 1, perSecond: 1 });
  const edition = (before.updates[0]?.edition ?? 0) + 1;
  // Everybody has the version before.
  await Promise.all(stage.calls.map((child) => child.ask('untilNew', { agentId, edition: edition - 1 })));
  await Promise.all(machines.map(({ host }) => host.ask('heard', {})));
  const reading = machines.map(({ calls }) => calls.map((child) => child.ask('untilNew', { agentId, edition })));
  const { updates } = await updater.ask('run', { agents: [agent], count: 1, perSecond: 1 });
  const [update] = updates;
  if (update === undefined) throw new Error('nothing was updated');
  const { sentMs, repliedMs } = update;
  const committed = (await convex.ledger()).commits.findLast(({ path }) => path === 'agents:update');
  const moments: Moment[] = [
    { where: 'dashboard', what: 'mutation sent', atMs: 0 },
    { where: 'Convex', what: 'committed', atMs: (committed?.at_ms ?? Number.NaN) - sentMs },
    { where: 'dashboard', what: 'reply arrived', atMs: repliedMs - sentMs },
  ];
  let [lastOldMs, allNewMs] = [0, 0];
  for (const [index, { name, host }] of machines.entries()) {
    const reads = await Promise.all(reading[index] ?? []);
    const heard = await host.ask('heard', {});
    const heardMs = heard.windowsMs.find((atMs) => atMs > sentMs);
    const appliedMs = heard.applied.find((one) => one.agentId === agentId && one.atMs > sentMs)?.atMs;
    moments.push(
      { where: `host ${name}`, what: 'feed heard', atMs: (heardMs ?? Number.NaN) - sentMs },
      { where: `host ${name}`, what: 'invalidated for its processes', atMs: (appliedMs ?? Number.NaN) - sentMs },
    );
    const own = heard.reads.filter((read) => read.startedMs > sentMs && read.agentId === agentId);
    moments.push(...own.map((read) => loadOf(`host ${name}`, read, sentMs)));
    for (const [number, read] of reads.entries()) {
      const where = `${name}${number + 1}`;
      moments.push(
        ...read.reads.filter(({ startedMs }) => startedMs > sentMs).map((load) => loadOf(where, load, sentMs)),
      );
      const [atMs, untilMs] = [read.startedMs - sentMs, read.endedMs - sentMs];
      moments.push({ where, what: 'first read with the new version', atMs, untilMs });
      lastOldMs = Math.max(lastOldMs, read.lastOldMs - sentMs);
      allNewMs = Math.max(allNewMs, untilMs);
    }
  }
  return { moments, repliedMs: repliedMs - sentMs, lastOldMs, allNewMs };
}

function loadOf(where: string, read: { readonly startedMs: number; readonly endedMs: number }, sentMs: number): Moment {
  return { where, what: 'loads it from Convex', atMs: read.startedMs - sentMs, untilMs: read.endedMs - sentMs };
}
