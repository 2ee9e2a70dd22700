// For adapters: what a tier needs at run time, without the engine, whose modules a process that only opens a tier need not load.
export { EVERY_MUTABLE_NAMESPACE } from './contracts/invalidation.ts';
export { combinedStamp, compareStamps, freshStamp, softenedStamp } from './stamp.ts';
