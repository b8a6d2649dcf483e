import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtOnce, builtPath, must } from './built-once.mjs';
import { ROOT } from './run.mjs';

/** The collector of collector-config/builder.yaml: the binary depends on nothing but that file and the machine. */

const MANIFEST = join(ROOT, 'collector-config', 'builder.yaml');
const NAME = process.platform === 'win32' ? 'otelcol.exe' : 'otelcol';

/** Where the collector is, or will be once it is built. */
export function collectorPath() {
  const key = createHash('sha256')
    .update(`${process.platform} ${process.arch}\n`)
    .update(readFileSync(MANIFEST))
    .digest('hex')
    .slice(0, 16);
  return builtPath(`otelcol-${key}`, NAME);
}

/** Builds the collector unless it is there. Resolves to its path. */
export function ensureCollector() {
  return builtOnce('collector', collectorPath(), build);
}

async function build(folder) {
  const text = readFileSync(MANIFEST, 'utf8');
  const version = /^\s+version: (\S+)$/m.exec(text)[1];
  console.error(`building the collector ${version} with Go: minutes, once`);
  await must('go', ['install', `go.opentelemetry.io/collector/cmd/builder@v${version}`], { GOBIN: folder });
  const output = join(folder, 'out');
  const manifest = join(folder, 'builder.yaml');
  await writeFile(manifest, text.replace(/^dist:$/m, `dist:\n  output_path: ${output}`));
  await must(join(folder, 'builder'), ['--config', manifest]);
  return join(output, NAME);
}
