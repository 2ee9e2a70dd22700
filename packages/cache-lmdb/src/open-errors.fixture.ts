import { HostTierError } from './errors.ts';
import { openHostTier } from './open-host-tier.ts';
import { serve } from './machine.fixture.ts';

/** Opens the tier and says what came of it; what it throws is thrown. */
serve({
  open: async (directory: string) => {
    const codes: string[] = [];
    const tier = openHostTier({
      directory,
      onEvent: (event) => {
        if (event.type === 'host-tier-unavailable') codes.push(event.error.code);
      },
    });
    let read: unknown;
    try {
      read = await tier?.read([{ namespace: 'w:s:n', key: 'w:s:n:k', tags: [] }]);
    } catch (error) {
      if (!(error instanceof HostTierError)) throw error;
    }
    await tier?.close();
    return { opened: tier !== undefined, codes, read: read !== undefined };
  },
});
