import { enableCompileCache, flushCompileCache } from 'node:module';
import { serve } from '../processes/serve.ts';

enableCompileCache(process.argv[2]);
const { hostCalls } = await import('./host-calls.ts');
flushCompileCache();
serve(hostCalls);
