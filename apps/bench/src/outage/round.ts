import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { addUp } from '../add-up.ts';
import type { Child } from '../processes/child.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import type { Composition } from './composition.ts';
import type { Verdict } from './judge.ts';
import { judge } from './judge.ts';
import type { Peers, PeersRead } from './peers.ts';
import type { Played } from './play.ts';
import type { PlayerCalls } from './player-child.ts';
import type { Back } from './recovery.ts';
import { recover } from './recovery.ts';
import type { Reads, RoundResult } from './round-result.ts';
import type { OutageSabotage } from './sabotage.ts';
import { BEFORE_SLOTS, DURING_SLOTS, ownSlots, SLOTS, watchedSlots } from './slots.ts';
import { Source } from './source.ts';
import type { Stage } from './stage.ts';
import type { OutageState } from './state.ts';
import type { Reader, Troupe } from './troupe.ts';
import { Writers } from './writers.ts';

/** @see playRound */
export interface RoundPlan {
  readonly state: OutageState;
  readonly reads: Reads;
  readonly folder: string;
  readonly troupe: Troupe;
  readonly peers: Peers | undefined;
  readonly sabotage: OutageSabotage | undefined;
}

const SOURCE_FILE = 'source';
const WRITE_BACK_MS = 50;
const WARM_UP: Reads = { cold: 10, hot: 100 };
const NONE: Reads = { cold: 0, hot: 0 };
const NOTHING_SEEN: Verdict = { compared: 0, stale: 0, doubted: 0, olderThanAllowed: 0, wrong: 0 };
/** After the last change, so that it is read. */
const READ_ON_MS = 200;

/** Plays one state: all is well, the outage, and all is well again. The processes under test read and change things throughout. */
export async function playRound(plan: RoundPlan): Promise<RoundResult> {
  const { state } = plan;
  const folder = join(plan.folder, state.name);
  await mkdir(folder);
  await using stage = await state.open();
  const serverPid = stage.parts.server.pid;
  const source = Source.create(join(folder, SOURCE_FILE), SLOTS.length);
  const round = new Round(plan, stage, source, folder);
  try {
    return { state, serverPid, ...(await round.play()) };
  } finally {
    await round.close();
    source.close();
  }
}

interface Verified {
  readonly seen: string;
  readonly isVerified: boolean;
}

/** The outage itself, and what came after it; the lists are in the order of the readers. */
interface Outage extends Verified {
  readonly sent: string;
  readonly during: readonly Played[];
  readonly after: readonly Played[];
  readonly back: readonly Back[];
}

class Round {
  readonly #plan: RoundPlan;
  readonly #stage: Stage;
  readonly #folder: string;
  readonly #writers: Writers;
  readonly #peers: Peers | undefined;

  constructor(plan: RoundPlan, stage: Stage, source: Source, folder: string) {
    this.#plan = plan;
    this.#stage = stage;
    this.#folder = folder;
    this.#writers = new Writers(source);
    this.#peers = plan.state.withPeers === true ? plan.peers : undefined;
  }

  async play(): Promise<Omit<RoundResult, 'state' | 'serverPid'>> {
    const { state, reads } = this.#plan;
    await this.#begin();
    const healthyPeers = await this.#peers?.read();
    const healthy = await this.#eachReader((reader) => this.#read(reader, 'healthy', reads, false));
    this.#writers.settle();
    if (state.reopens === true) await this.#eachReader(({ child }) => child.ask('close', {}));
    const { sent, seen, isVerified, during, after, back, peers } = await this.#goThrough();
    return {
      sent,
      seen,
      isVerified,
      readers: this.#plan.troupe.readers.flatMap(({ composition, child }, index) => {
        const [before, outage, last] = [healthy[index], during[index], back[index]];
        if (before === undefined || outage === undefined || last === undefined) return [];
        const known = this.#writers.knownTo(child);
        const verdicts = [outage, ...after.slice(index, index + 1)].map(({ watched }) => judge(known, watched));
        return { composition, healthy: before, outage, verdict: addUp(NOTHING_SEEN, verdicts), back: last };
      }),
      newcomer: await this.#askNewcomer(),
      peers: healthyPeers && peers && { healthy: healthyPeers, outage: peers },
    };
  }

  async close(): Promise<void> {
    const { readers, machine, newcomer } = this.#plan.troupe;
    const all = [...readers.map(({ child }) => child), machine, newcomer].filter(({ isAlive }) => isAlive);
    await Promise.all([...all.map((child) => child.ask('close', {})), this.#peers?.close()]);
  }

  /** Everybody holds everything; then some of it is changed. */
  async #begin(): Promise<void> {
    const { state, troupe } = this.#plan;
    const { machine } = troupe;
    const { url, directUrl } = this.#stage.parts;
    await Promise.all([
      this.#open(machine, 'cluster', directUrl),
      this.#eachReader(({ child, composition }) => this.#open(child, composition, url)),
      this.#peers?.open(url),
    ]);
    await machine.ask('hold', { slots: SLOTS });
    await sleep(WRITE_BACK_MS);
    await this.#eachReader(({ child }) => child.ask('hold', { slots: SLOTS }));
    await this.#eachReader((reader) => this.#read(reader, 'first', WARM_UP, false));
    await state.prepare?.(this.#stage);
    await Promise.all([
      ...BEFORE_SLOTS.map((slot) => this.#writers.change(machine, slot)),
      this.#eachReader(({ child, composition }) =>
        Promise.all(ownSlots(composition).map((slot) => this.#writers.change(child, slot))),
      ),
    ]);
  }

  async #goThrough(): Promise<Outage & { readonly peers: PeersRead | undefined }> {
    const { state, reads, sabotage } = this.#plan;
    const fromMs = monotonicMs();
    const sent = sabotage === 'no-outage' ? 'nothing' : await state.enter(this.#stage);
    if (state.reopens === true) {
      await this.#eachReader(({ child, composition }) => this.#open(child, composition, this.#stage.parts.url));
    }
    const playing = this.#eachReader((reader) => this.#read(reader, 'outage', reads, true));
    const [changing, peersReading] = [this.#changeDuring(), this.#peers?.read()];
    // Whatever goes wrong first is what the run ends with.
    for (const work of [playing, changing, peersReading]) work?.catch(() => {});
    const isBrief = state.awayMs !== undefined;
    if (isBrief) await sleep(state.awayMs);
    const early = isBrief ? await this.#recover() : [];
    const verified = await this.#verify();
    await changing;
    const peers = await peersReading;
    await sleep(Math.max(0, fromMs + (state.lastsMs ?? 0) - monotonicMs()));
    // It is to have lasted until here.
    const [last] = await Promise.all([isBrief ? verified : this.#verify(), sleep(READ_ON_MS)]);
    const isVerified = verified.isVerified && last.isVerified;
    await this.#stop();
    const during = await playing;
    const { after, back } = isBrief ? { after: [], back: early } : await this.#readOnAndRecover();
    return { sent, seen: verified.seen, isVerified, during, after, back, peers };
  }

  async #readOnAndRecover(): Promise<Pick<Outage, 'after' | 'back'>> {
    const playing = this.#eachReader((reader) => this.#read(reader, 'after', NONE, true));
    playing.catch(() => {});
    const back = await this.#recover();
    await this.#stop();
    return { after: await playing, back };
  }

  #recover(): Promise<Back[]> {
    const { state, troupe } = this.#plan;
    const { newcomer, readers } = troupe;
    return recover({
      state,
      stage: this.#stage,
      readers: readers.map(({ child }) => child),
      newcomer,
      openNewcomer: () => this.#open(newcomer, 'cluster', this.#stage.parts.url),
    });
  }

  async #verify(): Promise<Verified> {
    try {
      return { seen: await this.#plan.state.verify(this.#stage), isVerified: true };
    } catch (error) {
      return { seen: error instanceof Error ? error.message : String(error), isVerified: false };
    }
  }

  async #changeDuring(): Promise<void> {
    const { state, troupe } = this.#plan;
    const others = state.othersWrite === true ? DURING_SLOTS : [];
    await Promise.all([
      this.#writers.changeInTurn(troupe.machine, others),
      this.#eachReader(({ child, composition }) => this.#writers.changeInTurn(child, ownSlots(composition))),
    ]);
  }

  async #askNewcomer(): Promise<RoundResult['newcomer']> {
    const newest = [...this.#writers.newest()];
    const found = await this.#plan.troupe.newcomer.ask('look', { slots: newest.map(([slot]) => slot) });
    const older = newest.filter(([, version], index) => (found[index] ?? 0) > 0 && found[index] !== version);
    return { compared: newest.length, older: older.length };
  }

  #open(child: Child<PlayerCalls>, composition: Composition, url: string): Promise<void> {
    const folder = this.#folder;
    return this.#plan.troupe.open(child, { url, composition, folder, source: join(folder, SOURCE_FILE) });
  }

  #read({ child, composition }: Reader, phase: string, { cold, hot }: Reads, untilStopped: boolean): Promise<Played> {
    return child.ask('play', {
      // Nobody else may have loaded them.
      name: `${phase} ${composition}`,
      coldReads: cold,
      hotReads: hot,
      watched: untilStopped ? watchedSlots(composition) : [],
      untilStopped,
      fails: this.#plan.sabotage === 'fail' && phase === 'outage',
    });
  }

  async #stop(): Promise<void> {
    await this.#eachReader(({ child }) => child.ask('stop', {}));
  }

  #eachReader<T>(work: (reader: Reader) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#plan.troupe.readers.map(work));
  }
}
