import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const PARENT_POLL_MS = 500;

/** For commands whose stdout would mix with ours: what they print goes to stderr. */
export const ALL_TO_STDERR = ['inherit', 2, 'inherit'];

/**
 * Runs a program to its end with our terminal. Resolves to its exit code, or 128 + the signal's number, as a shell
 * does. Rejects when the program cannot be started.
 *
 * Ctrl-C in a terminal reaches the child by itself, so that signal only keeps us waiting; a second one from us
 * would cut its orderly end short. Signals sent to us alone are passed on. With `endsWithParent` the child is also
 * asked to end when whoever started us is gone.
 */
export function run(
  command,
  args,
  { cwd = process.cwd(), env = process.env, stdio = 'inherit', endsWithParent = false } = {},
) {
  const child = spawn(command, args, { cwd, env, stdio });
  const stopWatching = endsWithParent ? onParentExit(() => child.kill('SIGTERM')) : () => undefined;
  const fromTerminal = process.stdin.isTTY === true || process.stdout.isTTY === true;
  const passOn = (signal) => {
    if (signal !== 'SIGINT' || !fromTerminal) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  }).finally(() => {
    stopWatching();
    for (const signal of signals) process.off(signal, passOn);
  });
}

/**
 * A signal to npm ends npm and its shell, which does not pass it on. So a server would keep its port after
 * `kill` of `npm run`, unless we notice that we were left behind.
 */
function onParentExit(act) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, PARENT_POLL_MS);
  return () => clearInterval(timer);
}

/** Runs a program and keeps what it prints. Resolves to its exit code and its output, stdout and stderr apart. */
export async function capture(command, args, options = {}) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => (printed[stream] += text));
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve(exitCode ?? 128 + constants.signals[signal]));
  });
  return { code, ...printed };
}

/**
 * How to start npm, as program and first arguments. Under `npm run` it is the very npm that runs us, started by
 * `node`; otherwise the one on PATH.
 */
export function npmCommand(node = process.execPath, npmCli = process.env.npm_execpath) {
  return npmCli !== undefined && /npm-cli\.[cm]?js$/.test(npmCli) ? [node, npmCli] : ['npm'];
}

/** Whether this module is what `node` was started with, and not imported. */
export function isMain(moduleUrl) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(moduleUrl);
}

/** Runs a script's main function: its number becomes the exit code, its error one line on stderr and exit code 1. */
export async function exitWith(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
