#!/usr/bin/env node
import type { Writable } from 'node:stream';

const USAGE = `Usage: performance top|cache [...]

  top [URL]                       shows what a process does, by its /metrics
  cache inspect|stats|clear DIR   looks into the folder of a persistent cache

  performance top --help and performance cache --help tell more.`;

// Whoever reads may have seen enough: `... cache inspect DIR | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exitCode = 0;
  process.exit();
});

void runCommand(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});

/** @returns the exit code: 0 done, 1 it failed, 2 it was not understood. */
async function runCommand(args: readonly string[]): Promise<number> {
  const [topic] = args;
  const line = (stream: Writable) => (text: string) => void stream.write(`${text}\n`);
  const output = { out: line(process.stdout), error: line(process.stderr) };
  if (topic === 'top') {
    const { runTopCommand } = await import('./top/top-command.js');
    return runTopCommand(args.slice(1), { ...output, stdin: process.stdin, stdout: process.stdout });
  }
  if (topic === 'cache') {
    const { runCacheCommand } = await import('../cache/persistent/cache-command.js');
    return runCacheCommand(args, output);
  }
  const isHelp = topic === '--help' || topic === '-h';
  if (isHelp) output.out(USAGE);
  else output.error(topic === undefined ? USAGE : `There is no ${JSON.stringify(topic)}.\n\n${USAGE}`);
  return isHelp ? 0 : 2;
}
