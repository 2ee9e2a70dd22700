import type { Party, Relation, Terms } from './allowed.ts';
import { RELATIONS, termsOf } from './allowed.ts';
import { KEYS } from './stage.ts';
import type { Strike } from './strike.ts';

/** A read this soon after an invalidation of its key is one of a just-invalidated key. */
const JUST_MS = 1_000;
/** Are told in full. */
const MAX_FINDINGS = 40;

/** A strike, by whom, and in which phase. */
export interface Charge {
  readonly strike: Strike;
  readonly by: Party;
  readonly phase: string;
}

/** The first read of a process and key in a phase that was served something older than is allowed. */
export interface Finding {
  readonly phase: string;
  readonly relation: Relation;
  readonly charge: Charge;
  readonly reader: Party;
  readonly key: number;
  readonly version: number;
  /** From the resolved invalidation to the begin of the read. */
  readonly afterMs: number;
  /** How much of that was allowed. */
  readonly allowedMs: number;
  /** How many there were in that phase, and how long after the invalidation the last one began. */
  reads: number;
  lastMs: number;
}

/** What the reads of a phase say. */
export interface Verdict {
  /** All that were served something. */
  readonly reads: number;
  /** Of just-invalidated keys, by who had invalidated. */
  readonly compared: Readonly<Record<Relation, number>>;
  readonly older: number;
}

/** How long one process went on serving what a strike had named. */
export interface Window {
  readonly phase: string;
  readonly relation: Relation;
  /** From the resolved invalidation to the begin of the last read that was older; 0 when there was none. */
  readonly windowMs: number;
  /** The same from when on the promise counts: 0 when it was kept to the millisecond. */
  readonly beyondMs: number;
}

/** Of one reader and key: what it was served, and what it must be served. */
interface Served {
  /** Begin of the last read of each version. */
  readonly lastMs: Map<number, number>;
  firstReadMs: number;
  lastReadMs: number;
}

interface Term extends Terms {
  readonly charge: Charge;
}

/** Compares all reads of all processes with what had been invalidated before they started. */
export class Judge {
  readonly findings: Finding[] = [];
  readonly #charges: Charge[] = [];
  readonly #byKey = new Map<number, Charge[]>(KEYS.map((key) => [key, []]));
  readonly #records = new Map<Party, Map<number, Served>>();

  get charges(): readonly Charge[] {
    return this.#charges;
  }

  /** To be told of all strikes before the reads that came after them. */
  charge(charge: Charge): void {
    this.#charges.push(charge);
    for (const key of charge.strike.keys) this.#byKey.get(key)?.push(charge);
  }

  /** @param reads key, version and begin of each, one behind another. */
  judge(phase: string, reader: Party, reads: Float64Array): Verdict {
    const compared: Record<Relation, number> = { same_process: 0, same_machine: 0, other_machine: 0 };
    let older = 0;
    for (const [key, own] of readsByKey(reads)) {
      const charges = this.#byKey.get(key) ?? [];
      const terms = charges.map((charge) => ({ ...termsOf(charge.strike, charge.by, reader), charge }));
      const due = terms.toSorted((a, b) => a.allowedMs - b.allowedMs);
      const struck = terms.toSorted((a, b) => a.charge.strike.resolvedMs - b.charge.strike.resolvedMs);
      let [dueAt, struckAt] = [0, 0];
      let [wanted, latest]: [Term | undefined, Term | undefined] = [undefined, undefined];
      for (const { version, startedMs } of own) {
        for (let term = due[dueAt]; term !== undefined && term.allowedMs < startedMs; term = due[++dueAt]) {
          if (term.charge.strike.version > (wanted?.charge.strike.version ?? 0)) wanted = term;
        }
        for (
          let term = struck[struckAt];
          term !== undefined && term.charge.strike.resolvedMs < startedMs;
          term = struck[++struckAt]
        )
          latest = term;
        if (latest !== undefined && startedMs - latest.charge.strike.resolvedMs <= JUST_MS) compared[latest.relation]++;
        if (wanted !== undefined && version < wanted.charge.strike.version) {
          older++;
          this.#find(phase, wanted, reader, key, version, startedMs);
        }
        this.#note(reader, key, version, startedMs);
      }
    }
    return { reads: reads.length / READ_FIELDS, compared, older };
  }

  /** Of each strike, for each process that read one of its keys before and after it: the longest of its keys. */
  windows(): Window[] {
    const windows: Window[] = [];
    for (const charge of this.#charges) {
      for (const [reader, records] of this.#records) {
        const { version, resolvedMs, keys } = charge.strike;
        const seen = keys.flatMap((key) => records.get(key) ?? []).filter((record) => isWitness(record, resolvedMs));
        if (seen.length === 0) continue;
        const { relation, fromMs } = termsOf(charge.strike, charge.by, reader);
        const lastMs = Math.max(...seen.map((record) => lastOlder(record, version)));
        const after = (ms: number): number => Math.max(0, lastMs - ms);
        windows.push({ phase: charge.phase, relation, windowMs: after(resolvedMs), beyondMs: after(fromMs) });
      }
    }
    return windows;
  }

  #find(phase: string, term: Term, reader: Party, key: number, version: number, startedMs: number): void {
    const { resolvedMs } = term.charge.strike;
    const { relation, charge, allowedMs } = term;
    const known = this.findings.find(
      (finding) =>
        finding.phase === phase && finding.charge === charge && finding.reader === reader && finding.key === key,
    );
    if (known !== undefined) {
      known.reads++;
      known.lastMs = startedMs - resolvedMs;
      return;
    }
    if (this.findings.length >= MAX_FINDINGS) return;
    this.findings.push({
      phase,
      relation,
      charge,
      reader,
      key,
      version,
      afterMs: startedMs - resolvedMs,
      allowedMs: allowedMs - resolvedMs,
      reads: 1,
      lastMs: startedMs - resolvedMs,
    });
  }

  #note(reader: Party, key: number, version: number, startedMs: number): void {
    const records = this.#records.get(reader) ?? new Map<number, Served>();
    this.#records.set(reader, records);
    const record = records.get(key) ?? { lastMs: new Map<number, number>(), firstReadMs: startedMs, lastReadMs: 0 };
    records.set(key, record);
    record.lastMs.set(version, startedMs);
    record.lastReadMs = startedMs;
  }
}

const READ_FIELDS = 3;

interface Read {
  readonly version: number;
  readonly startedMs: number;
}

/** In the order in which they began; they were noted in that in which they ended. */
function readsByKey(reads: Float64Array): Map<number, Read[]> {
  const byKey = new Map<number, Read[]>();
  for (let index = 0; index < reads.length; index += READ_FIELDS) {
    const [key = 0, version = 0, startedMs = 0] = reads.subarray(index, index + READ_FIELDS);
    const own = byKey.get(key);
    if (own === undefined) byKey.set(key, [{ version, startedMs }]);
    else own.push({ version, startedMs });
  }
  for (const own of byKey.values()) own.sort((a, b) => a.startedMs - b.startedMs);
  return byKey;
}

function isWitness({ firstReadMs, lastReadMs }: Served, resolvedMs: number): boolean {
  return firstReadMs < resolvedMs && lastReadMs > resolvedMs;
}

function lastOlder({ lastMs }: Served, version: number): number {
  let last = 0;
  for (const [served, ms] of lastMs) if (served < version && ms > last) last = ms;
  return last;
}

/** Nothing compared yet. */
export function noVerdict(): Verdict {
  return { reads: 0, compared: { same_process: 0, same_machine: 0, other_machine: 0 }, older: 0 };
}

export function addVerdicts(one: Verdict, other: Verdict): Verdict {
  const compared = { ...one.compared };
  for (const relation of RELATIONS) compared[relation] += other.compared[relation];
  return { reads: one.reads + other.reads, compared, older: one.older + other.older };
}
