import { resolve } from 'node:path';
import webpack from 'webpack';

const compiler = webpack({
  mode: 'production',
  target: 'node20',
  entry: './app.mjs',
  output: { path: resolve('bundle'), filename: 'app.mjs', module: true, chunkFormat: 'module' },
  experiments: { outputModule: true },
});
const stats = await new Promise((done, fail) =>
  compiler.run((error, result) => (error ? fail(error) : done(result))),
);
await new Promise((done) => compiler.close(done));
if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString('errors-warnings'));
