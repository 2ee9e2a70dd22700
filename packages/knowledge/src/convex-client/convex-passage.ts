import type { Passage } from '../passage.ts';

/** A passage of the functions in Warmline's `convex` folder. */
export interface ConvexPassage extends Passage {
  readonly title: string;
  readonly documentId: string;
  readonly knowledgeBaseId: string;
}

const TEXTS = ['chunkId', 'documentId', 'knowledgeBaseId', 'title', 'text'] as const;

/** @throws TypeError naming the field, never what it holds. */
export function readPassages(found: unknown): readonly ConvexPassage[] {
  if (!Array.isArray(found)) throw new TypeError(`a search must return a list of passages, got ${typeof found}`);
  return found.map((passage: unknown, index) => readPassage(passage, `passage ${index}`));
}

function readPassage(value: unknown, place: string): ConvexPassage {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${place} must be an object, got ${typeof value}`);
  const fields = new Map<string, unknown>(Object.entries(value));
  const [id, documentId, knowledgeBaseId, title, text] = TEXTS.map((field) => {
    const given = fields.get(field);
    if (typeof given !== 'string') throw new TypeError(`${field} of ${place} must be a string, got ${typeof given}`);
    return given;
  }) as [string, string, string, string, string];
  const score = fields.get('score');
  if (typeof score !== 'number' || !Number.isFinite(score))
    throw new TypeError(`score of ${place} must be a finite number, got ${typeof score}`);
  return { id, documentId, knowledgeBaseId, title, text, score };
}
