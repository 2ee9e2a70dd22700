// A process that asks for the secret of a directory, and prints it; run by directory-secret.test.ts.
import { directorySecret } from './directory-secret.ts';

process.stdout.write(Buffer.from(await directorySecret(process.argv[2] ?? '')).toString('hex'));
