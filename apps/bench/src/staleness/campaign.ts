import { monotonicMs } from '../processes/monotonic.ts';
import type { Progress } from '../progress.ts';
import { sum } from '../sum.ts';
import { Fleet } from './fleet.ts';
import type { FleetOptions } from './fleet.ts';
import { addVerdicts, Judge, noVerdict } from './judge.ts';
import type { Finding, Verdict, Window } from './judge.ts';
import type { Deeds, Phase, Plan, Scene } from './scene.ts';
import { Lag } from './lag.ts';
import type { Strike } from './strike.ts';

/** What came of a phase. */
export interface PhaseResult {
  readonly phase: Phase;
  readonly tookMs: number;
  readonly strikes: number;
  readonly pending: number;
  readonly verdict: Verdict;
  /** Told to host services: messages may have been lost. */
  readonly gaps: number;
  readonly busErrors: number;
  /** From the end of each fault until the line was seen to be used again. */
  readonly reconnectMs: readonly number[];
  /** At worst, of readers and writers, of host services, of the bench with its proxies. */
  readonly lagMs: { readonly members: number; readonly services: number; readonly bench: number };
}

export interface Campaign {
  readonly phases: readonly PhaseResult[];
  readonly strikes: readonly Strike[];
  readonly windows: readonly Window[];
  readonly findings: readonly Finding[];
  readonly deeds: Deeds;
  /** Invalidations of processes that were killed at once; all were to be pending. */
  readonly lastWills: readonly Strike[];
  readonly failedReads: number;
  readonly failedStrikes: number;
  readonly failedDuties: number;
  /** Processes that ended and were not told to. */
  readonly lost: number;
  readonly unconnected: number;
  readonly directories: Readonly<Record<string, string>>;
  readonly redis: { readonly pid: number; readonly what: string };
}

/** @see runCampaign */
export interface CampaignOptions extends FleetOptions {
  readonly phases: readonly Phase[];
  readonly plan: Plan;
  readonly progress: Progress;
}

/** Plays phase after phase; after each everything that was read in it is judged. */
export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const fleet = await Fleet.start(options);
  try {
    return await play(fleet, options);
  } finally {
    await fleet.close();
  }
}

async function play(fleet: Fleet, { phases, plan, progress }: CampaignOptions): Promise<Campaign> {
  const scene: Scene = { fleet, plan, deeds: noDeeds(), legacies: [] };
  const [judge, lag] = [new Judge(), new Lag()];
  const results: PhaseResult[] = [];
  // What it took to start is nobody's lag.
  await Promise.all([fleet.reports(), fleet.serviceReports()]);
  const wills: Strike[] = [];
  const failed = { reads: 0, strikes: 0, duties: 0 };
  for (const phase of phases) {
    progress.update(`staleness · ${phase.name} · ${results.length + 1} of ${phases.length}`);
    const startedMs = monotonicMs();
    await phase.play(scene);
    const playedMs = monotonicMs();
    const legacies = scene.legacies.splice(0);
    const told = [
      ...legacies.map(({ member, report, strikes: will }) => ({ member, report, will })),
      ...(await fleet.reports()).map((each) => ({ ...each, will: [] })),
    ];
    const services = await fleet.serviceReports();
    for (const { member, report, will } of told) {
      for (const strike of [...report.strikes, ...will]) judge.charge({ strike, by: member.party, phase: phase.name });
      failed.reads += report.failedReads;
      failed.strikes += report.failedStrikes;
    }
    wills.push(...legacies.flatMap(({ strikes, isLast }) => (isLast ? strikes : [])));
    failed.duties += sum(services.map(({ failedDuties }) => failedDuties));
    const verdicts = told.map(({ member, report }) => judge.judge(phase.name, member.party, report.reads));
    const strikes = told.flatMap(({ report, will }) => [...report.strikes, ...will]);
    results.push({
      phase,
      tookMs: playedMs - startedMs,
      strikes: strikes.length,
      pending: strikes.filter(({ pending }) => pending).length,
      verdict: verdicts.reduce(addVerdicts, noVerdict()),
      gaps: sum(services.map(({ gaps }) => gaps)),
      busErrors: sum(services.map(({ busErrors }) => busErrors)),
      reconnectMs: fleet.routes.flatMap(({ line }) => line.take()),
      lagMs: {
        members: Math.max(...told.map(({ report }) => report.lagMs)),
        services: Math.max(...services.map(({ lagMs }) => lagMs)),
        bench: lag.take(),
      },
    });
  }
  return {
    phases: results,
    strikes: judge.charges.map(({ strike }) => strike),
    windows: judge.windows(),
    findings: judge.findings,
    deeds: scene.deeds,
    lastWills: wills,
    failedReads: failed.reads,
    failedStrikes: failed.strikes,
    failedDuties: failed.duties,
    lost: fleet.lost,
    unconnected: fleet.unconnected,
    directories: Object.fromEntries(fleet.all.map(({ name, directory }) => [`of machine ${name}`, directory])),
    redis: { pid: fleet.redis.pid, what: `${fleet.redis.kind} ${fleet.redis.version}` },
  };
}

function noDeeds(): Deeds {
  return { busKills: 0, blackholes: 0, pumpStops: 0, trims: 0, fillings: 0, callersKilled: 0, restarts: 0 };
}
