import type { Dataset } from './dataset.ts';
import type { Progress } from './progress.ts';

/** A distribution; milliseconds unless the metric's name says otherwise. */
export interface Distribution {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
  readonly n: number;
}

/** Metrics by name, in snake_case; a dot divides what is measured from its case, as in `first_audio_ms.hit`. */
export type Metrics = Readonly<Record<string, number | Distribution>>;

/** Facts about a run, by name. */
export type Facts = Readonly<Record<string, number | string | boolean>>;

/** What must hold; never a time, because machines are noisy. */
export interface Check {
  readonly name: string;
  readonly holds: boolean;
  /** What was found, and what is allowed. */
  readonly detail: string;
}

/** The result of one scenario. */
export interface ScenarioResult {
  /** Where it differs from the defaults of the product or of the simulated provider. */
  readonly overrides: Facts;
  /** Process ids, by role. */
  readonly processes: Facts;
  readonly metrics: Metrics;
  readonly checks: readonly Check[];
  /** Sections of the printed report: a title and a ready table or text. */
  readonly sections: readonly { readonly title: string; readonly body: string }[];
}

/** What the command line asks of a scenario. */
export interface ScenarioContext {
  readonly datasets: readonly Dataset[];
  /** The folder of `--data`, for a scenario that reads more of it than dialogues. */
  readonly data: string | undefined;
  readonly seed: number;
  readonly quick: boolean;
  readonly full: boolean;
  /** A named fault that the checks must catch; one of the scenario's own. */
  readonly sabotage: string | undefined;
  readonly progress: Progress;
}

/** One thing the bench can measure. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** Whether it runs when none is named. */
  readonly byDefault: boolean;
  readonly sabotages: readonly string[];
  run(context: ScenarioContext): Promise<ScenarioResult>;
}
