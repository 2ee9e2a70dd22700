export { startSarvamSimulator } from './simulator.ts';
export type { SarvamSimulator } from './simulator.ts';
export type { SarvamSimulatorOptions } from './options.ts';
export type { Ledger, LedgerConnection, LedgerUtterance } from './ledger.ts';
export type { ErrorShape, FaultLimits, FaultName, FaultSpecs, Faults, Position } from './faults/fault-specs.ts';
