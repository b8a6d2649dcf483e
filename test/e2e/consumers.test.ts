import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyInto, installPacked, root, run, type Consumer } from './packed.js';
import { waitFor } from './wait-for.js';

const STRICT = {
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable', 'esnext.decorators'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  types: ['node'],
  skipLibCheck: false,
  outDir: 'out',
  rootDir: '.',
};

/** Compiles and runs the consumer program in one dialect. */
async function runDialect(
  consumer: Consumer,
  dialect: 'standard' | 'legacy',
  options: object,
): Promise<string> {
  await copyInto(consumer, 'both', `${dialect}-app`);
  return runProgram(consumer, dialect, options, 'service');
}

/** Compiles a folder of programs and runs one of them. */
async function runProgram(
  consumer: Consumer,
  dialect: 'standard' | 'legacy' | 'nest',
  options: object,
  program: string,
): Promise<string> {
  const folder = `${dialect}-app`;
  await copyInto(consumer, dialect, folder);
  const cwd = join(consumer.folder, folder);
  const type = dialect === 'standard' ? 'module' : 'commonjs';
  await writeFile(join(cwd, 'package.json'), JSON.stringify({ private: true, type }));
  await writeFile(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...STRICT, ...options } }));
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], { cwd }).catch(
    (error: { stdout?: string }) => {
      throw new Error(`the consumer does not compile:\n${error.stdout}`);
    },
  );
  const { stdout } = await run(process.execPath, [`out/${program}.js`], { cwd });
  return stdout.trim();
}

describe('e2e the packed package', function () {
  this.timeout(120_000);
  let consumer: Consumer;

  before(async () => {
    consumer = await installPacked();
  });
  after(() => consumer.remove());

  it('works with standard decorators', async () => {
    expect(await runDialect(consumer, 'standard', {})).to.equal('ok');
  });

  it('works with experimentalDecorators and their metadata', async () => {
    const legacy = { experimentalDecorators: true, emitDecoratorMetadata: true, skipLibCheck: true };

    expect(await runDialect(consumer, 'legacy', legacy)).to.equal('ok');
  });

  it('works in a NestJS application, on Express and on Fastify', async () => {
    const legacy = { experimentalDecorators: true, emitDecoratorMetadata: true, skipLibCheck: true };

    expect(await runProgram(consumer, 'nest', legacy, 'app')).to.equal('ok');
  });

  it('is one and the same by require and by import', async () => {
    const program = `const perf = require('@gary-zero/performance');
      import('@gary-zero/performance').then((esm) => console.log(
        perf.getPerformanceMonitor() === esm.getPerformanceMonitor(), typeof perf.startPerformance));`;
    await writeFile(join(consumer.folder, 'both.cjs'), program);

    const { stdout, stderr } = await run(process.execPath, ['both.cjs'], { cwd: consumer.folder });

    expect(stdout.trim()).to.equal('true function');
    expect(stderr).to.equal('');
  });

  it('serves /metrics for an app of three lines that only registers it', async () => {
    const app = `import { createServer } from 'node:http';
const server = createServer((request, response) => response.end('hello'));
server.listen(0, '127.0.0.1');`;
    await writeFile(join(consumer.folder, 'app.mjs'), app);
    const port = await import('./servers.js').then(({ freePort }) => freePort());
    const child = spawn(process.execPath, ['--import', '@gary-zero/performance/register', 'app.mjs'], {
      cwd: consumer.folder,
      env: { ...process.env, OTEL_EXPORTER_PROMETHEUS_PORT: String(port), OTEL_SERVICE_NAME: 'three lines' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
    try {
      const page = await waitFor(
        async () => {
          const text = await fetch(`http://127.0.0.1:${port}/metrics`)
            .then((response) => response.text())
            .catch(() => '');
          return text.includes('process_memory_usage_bytes') ? text : undefined;
        },
        { timeout: 15, what: 'metrics of the app' },
      );

      expect(page).to.match(/^target_info\{.*service_name="three lines".*\} 1$/m);
      expect(page).to.match(/^process_cpu_time_seconds_total\{cpu_mode="user"\} [\d.]+$/m);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).to.equal('SIGTERM');
  });

  it('is clean to publint and to are-the-types-wrong', async () => {
    const publint = join(root, 'node_modules/publint/src/cli.js');
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');

    const lint = await run(process.execPath, [publint, consumer.tarball, '--strict'], { cwd: root });
    const types = await run(process.execPath, [attw, consumer.tarball, '--profile', 'esm-only'], {
      cwd: root,
    });

    expect(lint.stdout).to.include('All good');
    // Problems end attw with an exception; a package without any entry point would not.
    expect(types.stdout.match(/🟢 \(ESM\)/g)).to.have.lengthOf(8);
  });
});
