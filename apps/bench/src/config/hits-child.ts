import { enableCompileCache } from 'node:module';
import { serve } from '../processes/serve.ts';

enableCompileCache(process.argv[2]);
const { hitsCalls } = await import('./hits-calls.ts');
serve(hitsCalls);
