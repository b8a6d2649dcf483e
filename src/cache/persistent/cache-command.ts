import { inspect, parseArgs } from 'node:util';
import { toSerializer, type SerializerName } from '../serializer/built-in.js';
import { CacheFolder } from './cache-folder.js';
import { isOver, type FolderContents, type ListedEntry } from './engine.js';
import { inspected } from './inspected-entry.js';
import { printable } from './printable.js';
import { SqliteContents } from './sqlite-contents.js';

/** Where a command writes its lines. */
export interface CommandOutput {
  out(line: string): void;
  error(line: string): void;
}

const USAGE = `Usage: performance cache inspect|stats|clear DIR [--json]

  inspect  prints every entry: key, expiry, tags, value
  stats    prints how many entries there are and what they take
  clear    removes all entries

  --json   prints JSON instead, one object a line`;

const SHOWN_LENGTH = 200;
const READABLE: readonly string[] = ['json', 'structured', 'msgpack'] satisfies SerializerName[];

/**
 * What `npx @gary-zero/performance cache ...` does. Never changes a folder but for `clear`, and then only one that a
 * cache of ours has marked.
 *
 * @returns the exit code: 0 done, 1 it failed, 2 it was not understood.
 */
export async function runCacheCommand(args: readonly string[], output: CommandOutput): Promise<number> {
  const parsed = parse(args);
  if (parsed === 'help') {
    output.out(USAGE);
    return 0;
  }
  if (typeof parsed === 'string') {
    output.error(`${parsed}\n\n${USAGE}`);
    return 2;
  }
  const { command, path, isJson } = parsed;
  try {
    const folder = await CacheFolder.find(path);
    if (folder === undefined) {
      output.error(`${printable(path)} is no folder of a cache: it has no CACHEDIR.TAG of this package`);
      return 1;
    }
    const contents = folder.engine === 'sqlite' ? new SqliteContents(folder) : folder;
    try {
      await COMMANDS[command](contents, isJson, output);
    } finally {
      contents.close();
    }
    if (command === 'clear')
      output.out(isJson ? JSON.stringify({ cleared: folder.path }) : `cleared ${printable(folder.path)}`);
    return 0;
  } catch (error) {
    output.error(`cache ${command} failed: ${printable((error as Error).message)}`);
    return 1;
  }
}

const COMMANDS = { inspect: inspectFolder, stats: tellStats, clear: clearFolder } as const;
type Command = keyof typeof COMMANDS;

interface Parsed {
  readonly command: Command;
  readonly path: string;
  readonly isJson: boolean;
}

function parse(args: readonly string[]): Parsed | 'help' | (string & {}) {
  let given;
  try {
    given = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    return printable((error as Error).message);
  }
  if (given.values.help) return 'help';
  const [topic, command = '', path, ...more] = given.positionals;
  if (topic !== 'cache')
    return topic === undefined ? 'What shall it do?' : `There is no ${printable(topic)}.`;
  if (!Object.hasOwn(COMMANDS, command)) return `There is no cache ${printable(command)}.`;
  if (path === undefined || more.length > 0) return `cache ${command} takes one folder.`;
  return { command: command as Command, path, isJson: given.values.json };
}

async function inspectFolder(folder: FolderContents, isJson: boolean, output: CommandOutput): Promise<void> {
  const now = Date.now();
  for await (const entry of folder.entries()) {
    const { value: _, ...rest } = inspected(entry.header, entry.bytes, undefined);
    const value = readValue(entry);
    if (isJson) {
      output.out(
        printable(JSON.stringify({ ...rest, isOver: isOver(entry.header, now), value: toJson(value) })),
      );
      continue;
    }
    output.out(`${printable(JSON.stringify(rest.key))}  ${tellExpiry(rest.expiresAt, rest.grace, now)}`);
    if (rest.tags.length > 0)
      output.out(`  tags   ${rest.tags.map((tag) => printable(JSON.stringify(tag))).join(', ')}`);
    output.out(`  ${rest.serializer === 'json' ? 'value ' : printable(rest.serializer)} ${tellValue(value)}`);
  }
}

async function tellStats(folder: FolderContents, isJson: boolean, output: CommandOutput): Promise<void> {
  const now = Date.now();
  const stats = { entries: 0, over: 0, tagged: 0, bytes: 0, unreadable: folder.count() };
  for await (const { header, bytes } of folder.entries()) {
    stats.entries += 1;
    stats.unreadable -= 1;
    stats.bytes += bytes;
    if (isOver(header, now)) stats.over += 1;
    if (header.tags !== undefined) stats.tagged += 1;
  }
  stats.unreadable = Math.max(0, stats.unreadable);
  if (isJson) {
    output.out(JSON.stringify(stats));
    return;
  }
  output.out(`entries     ${stats.entries}, of which ${stats.over} are over and ${stats.tagged} have tags`);
  output.out(`disk        ${stats.bytes} bytes, ${folder.room}`);
  output.out(`unreadable  ${stats.unreadable}`);
}

function clearFolder(folder: FolderContents): Promise<void> {
  return folder.clear();
}

/** `undefined` where the application's own serializer or its registered types would be needed. */
function readValue({ header, body }: ListedEntry): unknown {
  if (!READABLE.includes(header.serializer)) return undefined;
  try {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    return toSerializer('serializer', header.serializer as SerializerName).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A value that JSON cannot carry is told as text. */
function toJson(value: unknown): unknown {
  try {
    return JSON.parse(toSerializer('serializer', 'json').encode(value) as string) as unknown;
  } catch {
    return value === undefined ? undefined : inspect(value, { depth: Infinity, breakLength: Infinity });
  }
}

function tellExpiry(expiresAt: Date | undefined, grace: number, now: number): string {
  if (expiresAt === undefined) return 'does not expire';
  const seconds = Math.round((expiresAt.getTime() - now) / 1000);
  const until = `${expiresAt.toISOString()}${grace > 0 ? `, then stale for ${grace} s` : ''}`;
  return seconds > 0 ? `expires in ${seconds} s, ${until}` : `expired ${-seconds} s ago, ${until}`;
}

function tellValue(value: unknown): string {
  if (value === undefined) return '(cannot be read here)';
  const text = printable(inspect(value, { depth: 4, breakLength: Infinity }));
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
