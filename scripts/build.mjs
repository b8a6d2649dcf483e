import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { ALL_TO_STDERR, exitWith, isMain, ROOT, run } from './run.mjs';

const STAMP = '.built';

/** A program of its own, which is found beside the modules. */
const THREAD_WORKER = { 'thread-worker': 'async/tasks/thread-worker' };

/** What Node gets for OpenTelemetry's API, by `imports` of package.json. */
const API_FOR_NODE = 'telemetry/opentelemetry-api';

/** Insides that benchmarks and chaos tests look at. */
const INSIDES = [
  'cache/curve/miss-ratio-curve',
  'cache/policy/eviction-policy',
  'optimizer/budget/budget-traffic',
  'optimizer/verdict',
];

/**
 * The modules of index.js in few files, as to find and read one more takes longer than to compile 10 KB. A module is in the
 * first of them that an entry point named there needs: those load little else.
 */
const CHUNKS = {
  checks: [THREAD_WORKER['thread-worker']],
  base: [
    'integrations/http',
    'integrations/express',
    'integrations/fastify',
    'integrations/hono',
    'cli/top/top-command',
  ],
  store: ['cache/persistent/cache-command'],
  core: ['index'],
};

/** Builds dist unless it already comes from these very sources. Resolves to whether a build was needed. */
export async function ensureBuilt(root) {
  if (isBuilt(root)) return false;
  return withLock('build', root, async () => {
    if (isBuilt(root)) return false;
    await build(root);
    return true;
  });
}

function isBuilt(root) {
  const path = join(root, 'dist', STAMP);
  return existsSync(path) && readFileSync(path, 'utf8') === sourceHash(root);
}

/**
 * Compiles beside dist and swaps at the end: whoever runs from dist meanwhile never finds half of it, files of
 * removed sources do not stay, and a failed build leaves the last good one.
 */
async function build(root) {
  const next = join(root, 'dist.next');
  const last = join(root, 'dist.last');
  const hash = sourceHash(root);
  await rm(next, { recursive: true, force: true });
  try {
    await compile(root, next);
    await replaceModules(next, await bundle(root, next));
  } catch (error) {
    await rm(next, { recursive: true, force: true });
    throw new Error(`the build failed, dist is as it was before: ${error.message}`, { cause: error });
  }
  await writeFile(join(next, STAMP), hash);
  await rm(last, { recursive: true, force: true });
  if (existsSync(join(root, 'dist'))) await rename(join(root, 'dist'), last);
  await rename(next, join(root, 'dist'));
  await rm(last, { recursive: true, force: true });
}

/** Modules and their types, as tsc writes them. */
async function compile(root, outDir) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.json', '--outDir', outDir];
  const code = await run(process.execPath, args, { cwd: root, stdio: ALL_TO_STDERR });
  if (code !== 0) throw new Error(`tsc ended with exit code ${code}`);
}

/**
 * Puts some hundred modules together into few files: to find and read each takes longer than to run it. By rollup, which
 * leaves `const` and `class` as they are: what may change, such as a `var`, V8 does not build into compiled code.
 */
async function bundle(root, modules) {
  // Not before it is installed.
  const { rollup } = await import('@rollup/wasm-node');
  const input = Object.fromEntries(
    Object.entries(entryPoints(root)).map(([name, module]) => [name, join(modules, `${module}.js`)]),
  );
  const bundled = await rollup({
    input,
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    plugins: [{ name: 'maps of tsc', load: (id) => readWithMap(id) }],
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  const { output } = await bundled.generate({
    dir: modules,
    format: 'es',
    sourcemap: true,
    sourcemapExcludeSources: true,
    chunkFileNames: '[name]-[hash].js',
    paths: { '@opentelemetry/api': '#opentelemetry-api' },
    manualChunks: chunksBy((name) => join(modules, `${name}.js`)),
    // Otherwise index.js names all that its files import, for whoever finds files by a network.
    hoistTransitiveImports: false,
    plugins: [{ name: 'terser', renderChunk: shortened }],
  });
  await bundled.close();
  return output;
}

/**
 * Leaves out what V8 would read for nothing, which is half: comments, indentation, the length of local names. Names in
 * stack traces stay, as do `const` and `class`. Debuggers show the sources, by the maps.
 */
async function shortened(code) {
  const { minify } = await import('terser');
  return minify(code, {
    module: true,
    compress: false,
    mangle: { module: false, keep_classnames: true, keep_fnames: true },
    // Lines end where statements do. Bundlers are told something by a comment.
    format: { semicolons: false, comments: /webpackIgnore/ },
    sourceMap: { asObject: true },
  });
}

/** Tells the chunk of a module, by its id. */
function chunksBy(idOf) {
  let chunks;
  return (id, { getModuleInfo }) => {
    chunks ??= Object.fromEntries(
      Object.entries(CHUNKS).map(([chunk, entries]) => [chunk, neededBy(entries.map(idOf), getModuleInfo)]),
    );
    if (!chunks.core.has(id)) return undefined;
    return Object.keys(chunks).find((chunk) => chunks[chunk].has(id));
  };
}

/** Modules that are loaded when these are. */
function neededBy(ids, getModuleInfo) {
  const needed = new Set(ids);
  // A set is walked to what is added meanwhile.
  for (const id of needed) for (const imported of getModuleInfo(id).importedIds) needed.add(imported);
  return needed;
}

/** Replaces the modules by what was bundled of them; their types stay. */
async function replaceModules(modules, output) {
  const old = readdirSync(modules, { recursive: true }).filter((path) => /\.js(\.map)?$/.test(path));
  await Promise.all(old.map((path) => rm(join(modules, path))));
  for (const { fileName, code, source } of output) {
    await mkdir(dirname(join(modules, fileName)), { recursive: true });
    await writeFile(join(modules, fileName), code ?? source);
  }
}

function readWithMap(path) {
  return { code: readFileSync(path, 'utf8'), map: readFileSync(`${path}.map`, 'utf8') };
}

/** What package.json promises, and the insides: names below dist, and their modules. */
function entryPoints(root) {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const promised = [...Object.values(exports).map((one) => one.default), ...Object.values(bin)]
    .filter((path) => path !== undefined)
    .map((path) => path.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, ''));
  return {
    ...Object.fromEntries([...promised, API_FOR_NODE, ...INSIDES].map((name) => [name, name])),
    ...THREAD_WORKER,
  };
}

function sourceHash(root) {
  const hash = createHash('sha256');
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const others = ['tsconfig.json', 'package.json', 'package-lock.json', 'scripts/build.mjs'].map((name) =>
    join(root, name),
  );
  for (const path of [...sources.toSorted(), ...others]) {
    hash
      .update(`${path.slice(root.length)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex');
}

if (isMain(import.meta.url)) {
  await exitWith(async () => {
    await ensureInstalled(ROOT);
    await withLock('build', ROOT, () => build(ROOT));
    return 0;
  });
}
