/** Longest text of one utterance: what Sarvam advises for streaming, and below the limit of every one of its services. */
export const MAX_SENTENCE_CHARACTERS = 500;
