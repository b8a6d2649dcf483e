import { join } from 'node:path';
import { builtOnce, builtPath, must } from './built-once.mjs';

/**
 * A Prometheus that takes OTLP, which that of distributions is often too old for. Built with Go from its module, without
 * the discovery of clouds, which is most of it, and without pages.
 */
const VERSION = 'v0.316.0';

/** Where it is, or will be once it is built. */
export function prometheus3Path() {
  return builtPath(`prometheus-${VERSION}-${process.platform}-${process.arch}`, 'prometheus');
}

/** Builds it unless it is there. Resolves to its path. */
export function ensurePrometheus3() {
  return builtOnce('prometheus3', prometheus3Path(), build);
}

async function build(folder) {
  console.error(`building Prometheus ${VERSION} with Go: minutes, once`);
  const module = `github.com/prometheus/prometheus/cmd/prometheus@${VERSION}`;
  await must('go', ['install', '-tags', 'remove_all_sd,netgo', module], { GOBIN: folder });
  return join(folder, 'prometheus');
}
