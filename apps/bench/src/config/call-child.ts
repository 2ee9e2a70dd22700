import { enableCompileCache, flushCompileCache } from 'node:module';
import { serve } from '../processes/serve.ts';

// Packages take much of a second to compile, and a run has many processes: the first one does it for all.
enableCompileCache(process.argv[2]);
const { callCalls } = await import('./call-calls.ts');
flushCompileCache();
serve(callCalls);
