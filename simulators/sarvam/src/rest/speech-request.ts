import { z } from 'zod';
import { countCodePoints } from '../code-points.ts';
import { describeIssues } from '../describe-issues.ts';
import { Rejection } from '../rejection.ts';
import { chooseModel } from '../voice/checks.ts';
import { STREAMED, WHOLE, parseSpeechSettings } from '../voice/speech-settings.ts';
import type { SpeechSettings } from '../voice/speech-settings.ts';

/** A validated request for speech. */
export interface SpeechRequest {
  readonly text: string;
  readonly settings: SpeechSettings;
}

/** What the two REST endpoints do differently. */
export type HttpTransport = 'rest' | 'stream';

const STREAM_TEXT_LIMIT = 3500;

const schema = z.object({
  text: z.string(),
  model: z.string().nullish(),
});

/** The account has no access to the model it asked for; the body of this answer has a shape of its own. */
export class BetaModelRejection extends Rejection {
  constructor() {
    super(422, 'This model is currently in beta and not available.');
  }
}

/** Validates a body. Throws `Rejection`. */
export function parseSpeechRequest(body: unknown, transport: HttpTransport, betaAccess: boolean): SpeechRequest {
  const result = schema.safeParse(body);
  if (!result.success) throw new Rejection(422, describeIssues(result.error, body));
  const { text, model } = result.data;
  const rules = chooseModel(model);
  if (rules.beta && !betaAccess) throw new BetaModelRejection();
  const limit = transport === 'stream' ? STREAM_TEXT_LIMIT : rules.restTextLimit;
  const length = countCodePoints(text);
  if (text.trim() === '' || length > limit) {
    throw new Rejection(400, `text should have 1 to ${limit} characters for ${rules.name}, received ${length}`);
  }
  return { text, settings: parseSpeechSettings(body, rules, transport === 'stream' ? STREAMED : WHOLE) };
}
