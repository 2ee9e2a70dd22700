import { defineConfig } from 'vitest/config';

// Workspace packages are read from source: no build is needed to run a test.
const conditions = ['@warmline/source', 'node', 'import', 'default'];
const source = { resolve: { conditions }, ssr: { resolve: { conditions } } };
const roots = '{packages,simulators,apps}/*/src';

export default defineConfig({
  test: {
    reporters: ['default', './vitest.summary.ts'],
    projects: [
      {
        ...source,
        test: { name: 'unit', include: [`${roots}/**/*.test.ts`, 'scripts/**/*.test.ts'], testTimeout: 20_000 },
      },
      { test: { name: 'built', include: ['tests/**/*.test.ts'], testTimeout: 180_000 } },
      {
        ...source,
        test: {
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: [`${roots}/**/*.test-d.ts`], tsconfig: './tsconfig.json' },
        },
      },
    ],
  },
});
