import { dirname, join, normalize } from 'node:path/posix';
import { type Import, readImports } from './imports.js';
import { closing, isMark, opening, type Token, tokenize } from './tokens.js';

/** The parts of src: its folders, and the files beside them by their names without `.ts`. */
const BASICS = ['errors', 'checks', 'clock', 'duration', 'dual-decorator', 'built-ins', 'installed-package'];

/** `all`: everything but index, which nothing imports. */
interface MayImport {
  readonly values: readonly string[] | 'all';
  /** Where `import type` may reach further than `import`. */
  readonly types?: 'all';
  readonly except?: readonly string[];
}

/** The direction of imports. A part may always import itself. */
const MAY_IMPORT: Readonly<Record<string, MayImport>> = {
  errors: { values: [] },
  clock: { values: [] },
  'built-ins': { values: [] },
  'installed-package': { values: [] },
  checks: { values: ['errors'] },
  duration: { values: ['errors', 'checks'] },
  'dual-decorator': { values: ['errors'] },
  telemetry: { values: BASICS },
  export: { values: [...BASICS, 'telemetry'] },
  async: { values: [...BASICS, 'telemetry'] },
  resources: { values: [...BASICS, 'telemetry'] },
  monitor: { values: [...BASICS, 'telemetry', 'resources'] },
  cache: { values: [...BASICS, 'telemetry', 'async'] },
  optimizer: { values: [...BASICS, 'telemetry', 'resources'] },
  live: { values: [...BASICS, 'telemetry', 'monitor', 'resources', 'optimizer'], types: 'all' },
  cli: { values: [...BASICS, 'telemetry', 'export', 'cache', 'config', 'live'] },
  config: { values: BASICS, types: 'all' },
  decorators: {
    values: ['performance', 'defaults', ...BASICS, 'telemetry', 'async', 'monitor', 'cache', 'optimizer'],
  },
  integrations: { values: 'all' },
  performance: { values: 'all', except: ['register', 'decorators'] },
  'performance-options': { values: [...BASICS, 'config', 'export', 'optimizer'], types: 'all' },
  'performance-provider': { values: [...BASICS, 'config', 'export', 'performance-options', 'telemetry'] },
  defaults: { values: 'all', except: ['register', 'decorators'] },
  register: { values: ['performance', 'errors'] },
  testing: { values: ['cache'] },
  index: { values: 'all' },
};

/** Who knows OpenTelemetry's packages. */
const KNOWS_OPENTELEMETRY = new Set([
  'telemetry',
  'export',
  'resources',
  'performance',
  'performance-options',
  'performance-provider',
]);
const KNOWS_OPENTELEMETRY_TYPES = new Set(['config']);

const ENVIRONMENT_READER = 'src/config/environment.ts';
/** Load modules of the application that tasks name as their handlers, and packages that others name. */
const MODULE_LOADERS = new Set(['src/async/tasks/task-module.ts', 'src/installed-package.ts']);
const MAX_LINES = 300;
const SELF = '@gary-zero/performance';

/** Names that say nothing about what is inside, and so collect everything. */
const EMPTY_NAMES = new Set([
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'misc',
  'types',
  'shared',
  'core',
]);

export interface SourceFile {
  /** From the root of the repository, with forward slashes: `src/cache/memory-cache.ts`. */
  readonly path: string;
  readonly source: string;
}

export interface Rule {
  readonly title: string;
  /** One sentence for each place that breaks the rule. */
  readonly violations: (files: readonly SourceFile[]) => readonly string[];
}

export const RULES: readonly Rule[] = [
  { title: 'imports follow the table of parts', violations: perImport(checkTable) },
  { title: 'every import names an existing file', violations: perImport(checkTarget) },
  { title: 'no import path is computed', violations: perImport(checkPlain) },
  { title: 'nothing imports index', violations: perImport(checkIndex) },
  { title: 'files do not import each other in a circle, types included', violations: checkCycles },
  {
    title: 'only the parts that measure and export import OpenTelemetry',
    violations: perImport(checkOpenTelemetry),
  },
  { title: 'no import reaches into an OpenTelemetry package', violations: perImport(checkDeepImport) },
  { title: 'instanceof is not asked of OpenTelemetry classes', violations: perFile(checkInstanceof) },
  { title: 'only the environment file reads process.env', violations: perFile(checkEnvironment) },
  { title: 'no await at the top level', violations: perFile(checkTopLevelAwait) },
  { title: `no file is longer than ${MAX_LINES} lines`, violations: perFile(checkLength) },
  { title: 'names of files and folders say what is inside', violations: perFile(checkName) },
  { title: 'examples use the public API only', violations: perImport(checkExample, 'examples/') },
];

interface Scanned extends SourceFile {
  readonly tokens: readonly Token[];
  readonly imports: readonly Import[];
}

type FileCheck = (file: Scanned) => readonly string[];
type ImportCheck = (file: SourceFile, found: Import, paths: ReadonlySet<string>) => string | undefined;

function perFile(check: FileCheck): Rule['violations'] {
  return (files) => within(files, 'src/').map(scan).flatMap(check);
}

function perImport(check: ImportCheck, folder = 'src/'): Rule['violations'] {
  return (files) => {
    const paths = new Set(files.map(({ path }) => path));
    return within(files, folder)
      .map(scan)
      .flatMap((file) => file.imports.flatMap((found) => check(file, found, paths) ?? []));
  };
}

function within(files: readonly SourceFile[], folder: string): readonly SourceFile[] {
  return files.filter(({ path }) => path.startsWith(folder));
}

function scan(file: SourceFile): Scanned {
  const tokens = tokenize(file.source);
  return { ...file, tokens, imports: readImports(tokens) };
}

function checkTable(file: SourceFile, found: Import): string | undefined {
  const target = sourceTarget(file, found);
  if (target === undefined) return undefined;
  const [from, to] = [partOf(file.path), partOf(target)];
  const may = MAY_IMPORT[from];
  if (may === undefined) return `${file.path}: ${from} has no row in the import table, add one`;
  const reach = found.typeOnly ? (may.types ?? may.values) : may.values;
  const isAllowed = from === to || (reach === 'all' ? !may.except?.includes(to) : reach.includes(to));
  if (isAllowed) return undefined;
  const kind = found.typeOnly ? 'types of ' : '';
  return `${place(file, found)} imports ${kind}${found.specifier}, but ${from} may not import ${to}`;
}

function checkTarget(file: SourceFile, found: Import, paths: ReadonlySet<string>): string | undefined {
  const target = sourceTarget(file, found);
  if (target === undefined || paths.has(target)) return undefined;
  return `${place(file, found)} imports ${found.specifier}, but there is no ${target}`;
}

function checkPlain(file: SourceFile, found: Import): string | undefined {
  if (MODULE_LOADERS.has(file.path)) return undefined;
  return found.specifier === undefined ? `${place(file, found)} imports a computed path` : undefined;
}

function checkIndex(file: SourceFile, found: Import): string | undefined {
  const isIndex = sourceTarget(file, found) === 'src/index.ts' || found.specifier === SELF;
  return isIndex ? `${place(file, found)} imports ${found.specifier}` : undefined;
}

function checkOpenTelemetry(file: SourceFile, found: Import): string | undefined {
  if (!isOpenTelemetry(found)) return undefined;
  const part = partOf(file.path);
  if (KNOWS_OPENTELEMETRY.has(part)) return undefined;
  if (KNOWS_OPENTELEMETRY_TYPES.has(part) && found.typeOnly) return undefined;
  return `${place(file, found)} imports ${found.specifier}, but ${part} must not know OpenTelemetry`;
}

function checkDeepImport(file: SourceFile, found: Import): string | undefined {
  const isDeep = isOpenTelemetry(found) && found.specifier?.split('/')[2] !== undefined;
  return isDeep
    ? `${place(file, found)} imports ${found.specifier}, which is not a package's public entry`
    : undefined;
}

function checkExample(file: SourceFile, found: Import): string | undefined {
  const path = found.specifier;
  if (path === undefined) return `${place(file, found)} imports a computed path`;
  const isOwnFile = path.startsWith('.') && join(dirname(file.path), path).startsWith('examples/');
  const isPublic = path === SELF || path === `${SELF}/register` || path.startsWith('node:');
  return isOwnFile || isPublic ? undefined : `${place(file, found)} imports ${path}`;
}

/** Copies of a package are separate classes: an object of one is no instance of the other's. */
function checkInstanceof({ path, tokens, imports }: Scanned): readonly string[] {
  const names = new Set(imports.filter(isOpenTelemetry).flatMap((found) => found.names));
  return tokens.flatMap(({ value, kind, line }, index) => {
    const asked = tokens[index + 1]?.value ?? '';
    if (kind !== 'word' || value !== 'instanceof' || !names.has(asked)) return [];
    return [`${path}:${line} asks for instanceof ${asked}, which comes from OpenTelemetry`];
  });
}

function checkEnvironment({ path, tokens }: Scanned): readonly string[] {
  if (path === ENVIRONMENT_READER) return [];
  return tokens.flatMap((token, index) => {
    const isRead = token.kind === 'word' && token.value === 'process' && readsEnv(tokens, index);
    const isImported = token.value === 'node:process' && importsEnv(tokens, index);
    return isRead || isImported ? [`${path}:${token.line} reads process.env`] : [];
  });
}

/** `process.env`, `process['env']` and `{ env } = process`. */
function readsEnv(tokens: readonly Token[], index: number): boolean {
  const [next, name] = [tokens[index + 1], tokens[index + 2]];
  if (name?.value === 'env' && ['.', '?.', '['].some((mark) => isMark(next, mark))) return true;
  return (
    isMark(tokens[index - 1], '=') && bracesBefore(tokens, index - 2).some(({ value }) => value === 'env')
  );
}

/** `import { env } from 'node:process'`. */
function importsEnv(tokens: readonly Token[], index: number): boolean {
  return bracesBefore(tokens, index - 2).some(({ value }) => value === 'env');
}

function bracesBefore(tokens: readonly Token[], close: number): readonly Token[] {
  return isMark(tokens[close], '}') ? tokens.slice(opening(tokens, close), close) : [];
}

/** A package with top-level await cannot be loaded by `require`. Braces of if, for and try stay at the top level. */
function checkTopLevelAwait({ path, tokens }: Scanned): readonly string[] {
  const found: string[] = [];
  let arrow = false;
  let skipTo = 0;
  for (const [index, token] of tokens.entries()) {
    if (index < skipTo) continue;
    if (isMark(token, '{') && !isPlainBlock(tokens, index)) skipTo = closing(tokens, index);
    // An arrow without braces is a function up to the end of its statement.
    else if (isMark(token, '=>')) arrow = true;
    else if (isMark(token, ';')) arrow = false;
    else if (token.kind === 'word' && token.value === 'await' && !arrow && !isMark(tokens[index - 1], '.')) {
      found.push(`${path}:${token.line} awaits at the top level`);
    }
  }
  return found;
}

function isPlainBlock(tokens: readonly Token[], brace: number): boolean {
  const before = tokens[brace - 1];
  if (before === undefined || [';', '{', '}'].some((mark) => isMark(before, mark))) return true;
  if (before.kind === 'word') return ['else', 'try', 'finally', 'do'].includes(before.value);
  if (!isMark(before, ')')) return false;
  const keyword = tokens[opening(tokens, brace - 1) - 1];
  return ['if', 'for', 'await', 'while', 'switch', 'catch'].includes(keyword?.value ?? '');
}

function checkLength({ path, source }: Scanned): readonly string[] {
  const lines = source.replace(/\n$/, '').split('\n').length;
  return lines > MAX_LINES ? [`${path} has ${lines} lines: what would the second file be called?`] : [];
}

function checkName({ path }: Scanned): readonly string[] {
  const name = path.split('/').find((part) => EMPTY_NAMES.has(part.replace(/\..*$/, '').toLowerCase()));
  return name === undefined ? [] : [`${path}: ${name} says nothing about what is inside`];
}

function checkCycles(files: readonly SourceFile[]): readonly string[] {
  const targets = new Map(
    within(files, 'src/').map((file) => {
      const found = readImports(tokenize(file.source)).flatMap((each) => sourceTarget(file, each) ?? []);
      return [file.path, found] as const;
    }),
  );
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' -> '));
    if (start >= 0 || finished.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}

/** The file of src that a relative import means. */
function sourceTarget(file: SourceFile, { specifier }: Import): string | undefined {
  if (specifier === undefined || !specifier.startsWith('.')) return undefined;
  const target = normalize(join(dirname(file.path), specifier)).replace(/\.js$/, '.ts');
  return target.startsWith('src/') ? target : undefined;
}

/** `cache` for src/cache/tiers/x.ts, `performance` for src/performance.ts. */
function partOf(path: string): string {
  return path.replace(/^src\//, '').replace(/(\/.*|\.ts)$/, '');
}

function isOpenTelemetry({ specifier }: Import): boolean {
  return specifier?.startsWith('@opentelemetry/') === true;
}

function place(file: SourceFile, { line }: Import): string {
  return `${file.path}:${line}`;
}
