import type { LiveReport } from '../live-report.js';
import { asSpan } from '../format.js';
import { asynchronous } from './async.js';
import { caches } from './caches.js';
import { Connection, type ConnectionState } from './connection.js';
import { byId, setAttribute, setText } from './elements.js';
import { operations } from './operations.js';
import { optimizer } from './optimizer.js';
import { resources } from './resources.js';

const VERSION: LiveReport['version'] = 1;

const main = byId('main');
const state = byId('state');
const pause = byId('pause');
const sections = [resources(), operations(), caches(), asynchronous(), optimizer()];
let updated = '';

const STATES: Readonly<Record<ConnectionState, () => string>> = {
  waiting: () => 'connecting',
  live: () => `live, ${updated}`,
  lost: () => `connection lost, trying again${updated === '' ? '' : `; last seen ${updated}`}`,
  paused: () => `paused at ${updated}`,
};

const connection = new Connection({ onReport: show, onState: tell });
pause.addEventListener('click', () => {
  connection.pause(!connection.isPaused);
  setAttribute(pause, 'aria-pressed', String(connection.isPaused));
});

function show(report: LiveReport): void {
  // The process was replaced by one whose reports this page does not know.
  if (report.version !== VERSION) {
    location.reload();
    return;
  }
  const { service, pid, node, uptime, processes, metricsPath } = report.process;
  const name = service ?? 'Node process';
  setText(byId('service'), name);
  document.title = `${name} live`;
  const others = processes === 'alone' ? '' : `; one process of several, /metrics adds up all ${processes}`;
  setText(byId('facts'), `process ${pid}, Node ${node.replace('v', '')}, up ${asSpan(uptime)}${others}`);
  setAttribute(byId('metrics'), 'href', metricsPath);
  updated = new Date(report.time * 1000).toLocaleTimeString();
  for (const section of sections) section.update(report);
  // At first there is nothing to show, and nothing to say about it either.
  if (!main.contains(sections[0]!.shown)) main.replaceChildren(...sections.map(({ shown }) => shown));
  tell('live');
}

function tell(now: ConnectionState): void {
  setAttribute(state, 'data-state', now);
  setText(state, STATES[now]());
}
