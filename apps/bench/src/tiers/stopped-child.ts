import { openUnderneath } from '../processes/raw-file.ts';
import type { RawFile } from '../processes/raw-file.ts';
import { serve } from '../processes/serve.ts';

/** What this process can be asked. */
export interface StoppedCalls {
  open(input: { readonly directory: string }): Promise<void>;
  /** Begins to write to the file, and stops in the middle; answers when it has been continued. */
  stopWhileWriting(input: object): void;
}

let file: RawFile | undefined;

serve<StoppedCalls>({
  open: async ({ directory }) => {
    file = await openUnderneath(directory);
  },
  stopWhileWriting: () => {
    file?.transactionSync(() => {
      // A note of the host tier, which nobody reads.
      file?.putSync('nbench/stopped', Buffer.from('{}'), 1);
      process.kill(process.pid, 'SIGSTOP');
    });
  },
});
