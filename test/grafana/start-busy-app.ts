import { join } from 'node:path';
import { root } from '../e2e/packed.js';
import { startProcess, waitFor, type RunningProcess } from '../e2e/servers.js';

/** Little enough that it matters. */
const HEAP_MB = 192;

/** Starts the busy program; resolves when it has said where its metrics are. */
export async function startBusyApp(redisUrl: string): Promise<RunningProcess & { readonly metricsUrl: URL }> {
  const program = join(root, 'test/grafana/busy-app.ts');
  let printed = '';
  const app = await startProcess(
    process.execPath,
    [`--max-old-space-size=${HEAP_MB}`, '--import', 'tsx', program, redisUrl],
    {
      cwd: root,
      ready(child, signal) {
        child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
        return waitFor(() => printed.includes('/metrics'), { what: 'the busy program', timeout: 20, signal });
      },
    },
  );
  return { ...app, metricsUrl: new URL(/http:\/\/\S+\/metrics/.exec(printed)![0]) };
}
