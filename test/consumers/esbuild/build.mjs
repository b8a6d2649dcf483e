import { build } from 'esbuild';

const { warnings } = await build({
  entryPoints: ['app.mjs'],
  outfile: 'bundle/app.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  // What any package in CommonJS needs that requires modules of Node, such as `@opentelemetry/host-metrics`.
  banner: {
    js: "import { createRequire as from } from 'node:module'; const require = from(import.meta.url);",
  },
});
if (warnings.length > 0) throw new Error('esbuild warns');
