export { startConvexSimulator } from './convex-simulator.ts';
export type { ConvexSimulator } from './convex-simulator.ts';
export type { ConvexSimulatorOptions } from './options.ts';
export type { FunctionLedger, Ledger, LedgerCommit } from './ledger/ledger.ts';
export type { ActiveFaultState, FaultLimits, FaultName, FaultSpecs, Faults } from './faults/fault-specs.ts';
