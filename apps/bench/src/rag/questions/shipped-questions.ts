import { englishQuestions } from './english-questions.ts';
import { hindiQuestions } from './hindi-questions.ts';
import { hinglishQuestions } from './hinglish-questions.ts';
import type { LabelledQuestion } from './labelled-question.ts';

/** Questions from one source. */
export interface QuestionSet {
  readonly name: string;
  readonly questions: readonly LabelledQuestion[];
}

/** Written for the bench: they show what is kept apart. How often real callers repeat themselves they do not show. */
export const SHIPPED_QUESTIONS: readonly QuestionSet[] = [
  { name: 'shipped-english', questions: englishQuestions },
  { name: 'shipped-hindi', questions: hindiQuestions },
  { name: 'shipped-hinglish', questions: hinglishQuestions },
];
