import { Rejection } from '../rejection.ts';
import { BETA_LANGUAGES, LANGUAGES } from './languages.ts';
import { DEFAULT_MODEL, MODELS, isKnownSpeaker } from './model-rules.ts';
import type { ModelRules, Range } from './model-rules.ts';

/** The number itself, or a `Rejection` in the service's words, e.g. "pace should be between 0.5 and 2.0". */
export function checkRange(name: string, value: number, { min, max }: Range): number {
  if (value >= min && value <= max) return value;
  const write = (limit: number): string => (Number.isInteger(limit) && max < 10 ? limit.toFixed(1) : String(limit));
  throw new Rejection(400, `${name} should be between ${write(min)} and ${write(max)}`);
}

/** Refuses a speaker nobody has in other words than one of another model. */
export function chooseSpeaker(speaker: string, rules: ModelRules): string {
  if (rules.accepts(speaker)) return speaker;
  throw new Rejection(
    400,
    isKnownSpeaker(speaker)
      ? `Speaker '${speaker}' is not compatible with model ${rules.name}`
      : `Speaker '${speaker}' is not recognized.`,
  );
}

/** One of the eleven languages. */
export function chooseLanguage(code: string | null | undefined): string {
  if (code === undefined || code === null) throw new Rejection(400, 'target_language_code is required');
  if (LANGUAGES.has(code)) return code;
  if (BETA_LANGUAGES.has(code)) throw new Rejection(400, `Please request beta access to ${code}`);
  throw new Rejection(400, `target_language_code '${code}' is not supported, use one of ${[...LANGUAGES].join(', ')}`);
}

/** The rules of a model; without a name, of the service's default. */
export function chooseModel(name: string | null | undefined): ModelRules {
  const rules = MODELS.get(name ?? DEFAULT_MODEL);
  if (rules !== undefined) return rules;
  throw new Rejection(400, `Model '${name}' is not supported, use one of ${[...MODELS.keys()].join(', ')}`);
}
