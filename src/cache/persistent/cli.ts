#!/usr/bin/env node
import { runCacheCommand } from './cache-command.js';

// Whoever reads may have seen enough: `... cache inspect DIR | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exitCode = 0;
  process.exit();
});

void runCacheCommand(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  error: (line) => process.stderr.write(`${line}\n`),
}).then((code) => {
  process.exitCode = code;
});
