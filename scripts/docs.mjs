import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { exitWith, ROOT } from './run.mjs';

const USAGE = `Usage: npm run docs [-- --check | --api]
Without a flag: writes what docs has of the code, the API reference into docs/api, and checks all links.
  --check  writes nothing and leaves the API reference alone: fails where a page is stale or a link leads nowhere
  --api    the API reference only`;

await exitWith(async () => {
  const [flag, ...rest] = process.argv.slice(2);
  if (rest.length > 0 || !['--check', '--api', undefined].includes(flag)) {
    console.error(USAGE);
    return 2;
  }
  await ensureInstalled(ROOT);
  const problems = [];
  if (flag !== '--api') problems.push(...(await writePages(flag === '--check')), ...(await linkProblems()));
  if (flag !== '--check') {
    const { writeReference } = await import('./docs/reference.mjs');
    problems.push(...(await writeReference(ROOT)));
  }
  for (const problem of problems) console.error(problem);
  return problems.length === 0 ? 0 : 1;
});

/** Resolves to what is stale, where nothing may be written. */
async function writePages(isCheck) {
  const { generatedFiles } = await import('./docs/generated.mjs');
  const stale = [];
  for (const [path, text] of await generatedFiles(ROOT, await code())) {
    const file = join(ROOT, path);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    if (isCheck) {
      stale.push(`${path} is not what the code says: npm run docs`);
      continue;
    }
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
  return stale;
}

async function code() {
  const { tsImport } = await import('tsx/esm/api');
  const source = (path) => tsImport(`../src/${path}.ts`, import.meta.url);
  const { catalogue } = await source('telemetry/catalogue');
  const { exportedLabel, exportedName } = await source('cli/top/exported-names');
  const { ENVIRONMENT, OTLP_ENVIRONMENT } = await source('config/environment');
  return {
    catalogue,
    names: { metric: exportedName, label: exportedLabel },
    environment: [ENVIRONMENT, OTLP_ENVIRONMENT],
  };
}

async function linkProblems() {
  const { brokenLinks, unreachablePages } = await import('./docs/links.mjs');
  const lonely = unreachablePages(ROOT, join('docs', 'README.md'), 'docs');
  return [
    ...brokenLinks(ROOT),
    ...lonely.map((page) => `${page} cannot be reached by links from docs/README.md`),
  ];
}
