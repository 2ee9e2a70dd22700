import { enableCompileCache, flushCompileCache } from 'node:module';
import { serve } from '../../processes/serve.ts';

/** What a call process is given when it is forked. */
export interface CallSetup {
  readonly url: string;
  /** Folder of the machine's host tier. */
  readonly directory: string;
  /** Sockets that all call processes may hold together. */
  readonly socketLimit: number;
  /** Folder for compiled code, which all processes of a run share. */
  readonly compiled: string;
  readonly sabotage: string | undefined;
}

const setup = JSON.parse(process.argv[2] ?? '{}') as CallSetup;
// LiveKit's packages take a second of processor time to compile, and a run has forty processes: the first one does it for all.
enableCompileCache(setup.compiled);
const { prewarm } = await import('./call-child.ts');
const calls = prewarm(setup);
flushCompileCache();
serve(calls);
