import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: import.meta.dirname,
  test: { include: ['*.suite.mjs'], testTimeout: 20_000, hookTimeout: 20_000 },
});
