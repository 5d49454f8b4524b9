import { defineConfig } from 'vitest/config'

const components = '{receivers,processors,exporters,connectors,extensions}'

/** Three tiers: `unit` beside the code, `suite` on the whole agent, `interop` against programs compiled from other projects. */
export default defineConfig({
  test: {
    environment: 'node',
    exclude: ['**/node_modules/**', '**/dist/**', '**/testdata/**'],
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts', `${components}/**/*.test.ts`] } },
      {
        extends: true,
        test: {
          name: 'suite',
          include: ['test/**/*.test.ts'],
          exclude: ['test/interop/**', '**/node_modules/**', '**/testdata/**'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
