import type { Judge } from './judge.ts';
import { MACHINE_MS } from './truth.ts';
import type { Strike } from './truth.ts';
import type { Party, World } from './world.ts';
import { KEY, SOFT_TIMEOUT_MS, TAG } from './world.ts';

/** One who takes part in a schedule. */
export type Actor = () => Promise<unknown>;

const STRIKES = ['delete', 'tag', 'clear', 'set'] as const satisfies readonly Strike[];

/** The first invalidation. */
interface Opening {
  readonly kind: Strike;
  readonly called: Promise<void>;
  readonly resolved: Promise<void>;
}

const READS = ['getOrLoad', 'getOrLoad', 'get', 'peek', 'getMany', 'getOrLoadMany', 'warm'] as const;
const PROMOTIONS = ['get', 'getMany', 'warm', 'getOrLoad', 'getOrLoadMany'] as const;
const FAR_MS = 6_000;
const JUMP_MS = 5 * 60_000;

/** Draws who does what in one schedule: always a load and an invalidation, and by chance whatever may get between them. */
export class Cast {
  readonly actors: Actor[] = [];
  readonly #world: World;
  readonly #judge: Judge;
  /** Those whom the invalidations of this cell reach first, and who load. */
  readonly #near: readonly Party[];

  constructor(world: World, judge: Judge, hardTimeoutMs: number) {
    this.#world = world;
    this.#judge = judge;
    this.#near = world.parties.filter(({ name }) => name !== 'C');
    const { cell } = world;
    const first = this.#invalidator();
    this.#load();
    const opening = this.#invalidate(first, this.#firstKind());
    if (this.#chance(0.4)) this.#load();
    if (this.#chance(0.35)) this.#invalidateAgain(first, opening);
    for (let count = this.#whole(3); count > 0; count--) this.#wander();
    if (cell.levels > 1 && this.#chance(0.3)) this.#evict();
    if (cell.load === 'after soft timeout') this.#move(SOFT_TIMEOUT_MS + 5);
    if (Number.isFinite(hardTimeoutMs)) this.#move(hardTimeoutMs + 5);
    if (this.#chance(0.3)) this.#move(1 + this.#whole(MACHINE_MS));
    // Beyond what a cache waits for a tier: to write, or to acknowledge an invalidation.
    if (world.stage.stragglers.holds('writes') && this.#chance(0.4))
      this.#move(FAR_MS, world.stage.stragglers.someoneWaits());
    else if (this.#chance(0.08)) this.#move(FAR_MS, opening.called);
    if (this.#chance(0.08)) this.#jump();
  }

  #load(): void {
    const { cell, stage } = this.#world;
    const who = this.#oneOf(this.#chance(0.2) ? this.#world.parties : this.#near);
    const kind =
      cell.load === 'promotion'
        ? this.#oneOf(PROMOTIONS)
        : this.#oneOf(['getOrLoad', 'getOrLoad', 'getOrLoadMany'] as const);
    this.actors.push(async () => {
      await stage.schedule.step(`${who.name} asks (${kind})`);
      await this.#judge.compare(who, kind);
    });
  }

  #invalidator(): Party {
    const { parties, cell } = this.#world;
    return this.#oneOf(cell.invalidation === 'bus' ? parties.filter(({ name }) => name === 'C') : this.#near);
  }

  #firstKind(): Strike {
    const { invalidation } = this.#world.cell;
    return invalidation === 'bus' ? this.#oneOf(STRIKES) : invalidation;
  }

  /**
   * A second invalidation, after the first or while it is under way. Of two values that two processes set at the same time
   * either may be the later one, and so may a value that is set while another process deletes: those come one by one.
   */
  #invalidateAgain(first: Party, opening: Opening): void {
    const by = this.#chance(0.5) ? first : this.#invalidator();
    const kind = this.#firstKind();
    const unordered = by !== first && (kind === 'set' || opening.kind === 'set');
    this.#invalidate(by, kind, unordered || this.#chance(0.5) ? opening.resolved : undefined);
  }

  /** The source changes, and somebody says so; then everybody looks as early as the promise allows. */
  #invalidate(by: Party, kind: Strike, after?: Promise<unknown>): Opening {
    const { stage, truth } = this.#world;
    const called = Promise.withResolvers<void>();
    const resolved = Promise.withResolvers<void>();
    this.actors.push(async () => {
      await after;
      await stage.stragglers.waitToStrike();
      await stage.schedule.step('source changes');
      truth.change();
      await stage.schedule.step(`${by.name}: ${kind}`);
      const op = truth.call(by, kind);
      called.resolve();
      const answer = await strike(by, kind, truth.version);
      truth.resolve(op, answer?.pending === true || !this.#world.isSent(by.name), stage.clock.now());
      resolved.resolve();
      stage.stragglers.noteStruck();
      const looks = [this.#judge.compare(by, 'peek')];
      if (this.#chance(0.7)) looks.push(this.#judge.compare(by, this.#oneOf(READS)));
      await Promise.all(looks);
    });
    this.actors.push(async () => {
      await resolved.promise;
      await stage.schedule.step('machine hears', () => stage.clock.advance(MACHINE_MS));
      await Promise.all(this.#world.parties.map((party) => this.#look(party)));
    });
    return { kind, called: called.promise, resolved: resolved.promise };
  }

  async #look(party: Party): Promise<void> {
    const kind = this.#oneOf(READS);
    await this.#world.stage.schedule.step(`${party.name} looks (${kind})`);
    await this.#judge.compare(party, kind);
  }

  #wander(): void {
    const party = this.#oneOf(this.#world.parties);
    this.actors.push(() => this.#look(party));
  }

  #evict(): void {
    const { stage } = this.#world;
    const [name, tier] = this.#oneOf(this.#world.tiers());
    const what = this.#oneOf(['values', 'stamps', 'all stamps'] as const);
    this.actors.push(() =>
      stage.schedule.step(`${name} evicts ${what}`, () => {
        stage.coverage.add('evictions');
        if (this.#judge.loading > 0) stage.coverage.add('evictions_during_a_load');
        return tier.evict(what);
      }),
    );
  }

  #move(byMs: number, after?: Promise<unknown>): void {
    const { schedule, clock } = this.#world.stage;
    this.actors.push(async () => {
      await after;
      await schedule.step(`${byMs} ms pass`, () => clock.advance(byMs));
    });
  }

  /** The clock of the cluster jumps to and fro; where there is none, all time does. */
  #jump(): void {
    const { stage, cell } = this.#world;
    const byMs = this.#chance(0.5) ? JUMP_MS : -JUMP_MS;
    this.actors.push(() =>
      stage.schedule.step(`${cell.levels === 3 ? 'cluster ' : ''}clock jumps`, async () => {
        stage.coverage.add('clock_jumps');
        if (cell.levels === 3) this.#world.jump(byMs);
        else await stage.clock.advance(JUMP_MS);
      }),
    );
  }

  #chance(share: number): boolean {
    return this.#world.stage.random() < share;
  }

  #whole(below: number): number {
    return Math.floor(this.#world.stage.random() * below);
  }

  #oneOf<T>(choices: readonly T[]): T {
    const choice = choices[this.#whole(choices.length)];
    if (choice === undefined) throw new Error('there is nothing to choose from');
    return choice;
  }
}

function strike(by: Party, kind: Strike, version: number): Promise<{ readonly pending: boolean } | void> {
  switch (kind) {
    case 'delete':
      return by.cache.delete(KEY);
    case 'tag':
      return by.cache.invalidateTags(TAG);
    case 'clear':
      return by.cache.clear();
    case 'set':
      return by.cache.set(KEY, { version });
  }
}
