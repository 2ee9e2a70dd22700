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
        test: {
          name: 'unit',
          sequence: { groupOrder: 1 },
          // Most of them wait: for processes, servers and time.
          maxWorkers: 2,
          include: [`${roots}/**/*.test.ts`, 'convex/**/*.test.ts', 'scripts/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      // After the others: the bench measures, and they would disturb each other.
      {
        test: {
          name: 'built',
          include: ['tests/**/*.test.ts'],
          testTimeout: 180_000,
          sequence: { groupOrder: 2 },
          maxWorkers: 1,
        },
      },
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
