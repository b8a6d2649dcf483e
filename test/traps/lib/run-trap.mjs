// Runs one trap for one subject, and prints {"outcome", "note"}: run-trap.mjs FILE TITLE SUBJECT
//
// A file of traps exports `subjects`, by name what the traps need of it (a promise or a function of one will do), and
// `traps`, by title a function that gets such a subject and throws when it was caught. What a subject cannot do at all
// is left out of it: the trap then calls `skip()`, unless the subject is ours.
import { pathToFileURL } from 'node:url';
import { Skipped } from './trap.mjs';

const [file, title, name] = process.argv.slice(2);
const { subjects, traps } = await import(pathToFileURL(file).href);

let unhandled;
process.on('unhandledRejection', (reason) => (unhandled ??= reason));

const result = await run();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());

async function run() {
  try {
    await traps[title](await subjects[name]());
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (unhandled !== undefined) return { outcome: 'caught', note: `unhandled rejection: ${unhandled}` };
    return { outcome: 'passed' };
  } catch (error) {
    if (error instanceof Skipped) return { outcome: 'absent' };
    return { outcome: 'caught', note: String(error?.message ?? error).split('\n')[0] };
  }
}
