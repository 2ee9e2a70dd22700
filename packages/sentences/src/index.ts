export { createSentenceSplitter, splitSentences } from './splitter.ts';
export type { SentenceSplitter, SentenceSplitterOptions } from './splitter.ts';
export { isSpeakable } from './speakable.ts';
