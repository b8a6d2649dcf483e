import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Starts a script of this folder in a process of its own. `ask` calls one of its handlers and resolves to the answer;
 * `kill` ends it, whatever it does.
 */
export async function startChild(file, settings) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, [JSON.stringify(settings)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const open = new Map();
  let asked = 0;
  child.on('message', ({ id, answer, failure }) => {
    const { resolve, reject } = open.get(id);
    open.delete(id);
    if (failure === undefined) resolve(answer);
    else reject(new Error(`${file}: ${failure}`));
  });
  child.once('close', (code, signal) => {
    for (const { reject } of open.values()) reject(new Error(`${file} ended with ${signal ?? code}`));
    open.clear();
  });
  const ask = (handler, ...args) =>
    new Promise((resolve, reject) => {
      asked += 1;
      open.set(asked, { resolve, reject });
      child.send({ id: asked, handler, args });
    });
  await ask('ready');
  return { ask, kill: () => child.kill('SIGKILL') };
}

/** The other side: `makeHandlers` gets the settings once and gives the functions that can be asked for. */
export async function answerWith(makeHandlers) {
  const handlers = await makeHandlers(JSON.parse(process.argv[2]));
  const answer = async ({ id, handler, args }) => {
    try {
      process.send({ id, answer: await handlers[handler]?.(...args) });
    } catch (error) {
      process.send({ id, failure: error instanceof Error ? error.stack : String(error) });
    }
  };
  process.on('message', (question) => void answer(question));
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}
