/** Everything that changes how a text sounds; two requests that differ here get different samples. */
export interface Voice {
  readonly model: string;
  readonly speaker: string;
  readonly language: string;
  readonly pace: number;
  readonly pitch: number;
  readonly loudness: number;
  /** As the model applies it: 0 where it has no sampling, 0.6 where the service forces it. */
  readonly temperature: number;
  readonly sampleRate: number;
  readonly dictId: string | undefined;
}
