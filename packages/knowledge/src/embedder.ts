/** Turns texts into vectors, as a provider does. */
export interface Embedder {
  /** Name and version of the model: vectors of different models are never mixed. */
  readonly model: string;
  /** Of each vector; one of another length is an error. @default that of the first vector of each call */
  readonly dimensions?: number;
  /** One vector for each text, in their order. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly (readonly number[] | Float32Array)[]>;
}
