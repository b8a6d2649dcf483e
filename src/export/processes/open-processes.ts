import type { MeterProvider } from '@opentelemetry/api';
import { nodeWorkerThreads } from '../../built-ins.js';
import { systemClock } from '../../clock.js';
import { noticeOnce } from '../../telemetry/notice.js';
import type { MetricSource } from '../prometheus/metric-source.js';
import { gatherFromCluster, nodeCluster, reportToPrimary, sendToPrimary } from './cluster-workers.js';
import { GatheredSource } from './gathered-source.js';
import { Gathering } from './gathering.js';
import { Reporter } from './reporter.js';
import { gatherFromThreads, reportFromThread } from './thread-workers.js';

/** Whose metrics one /metrics serves: of this process, or of all workers of node:cluster, or of all worker threads. */
export const PROCESSES = ['alone', 'cluster', 'threads'] as const;
/** Whose metrics one /metrics serves: of this process, of all workers of node:cluster, of all worker threads. */
export type Processes = (typeof PROCESSES)[number];

/** What the process has to do with metrics of others. */
export interface OpenProcesses {
  /** What /metrics is pulled from. */
  readonly source: MetricSource;
  /** Where it reports: for the last time. Before the source ends; never rejects. */
  report(): Promise<void>;
  close(): void;
}

/** Whether another process, or thread, serves what this one measures. */
export function reportsElsewhere(processes: Processes): boolean {
  if (processes === 'cluster') return nodeCluster().isWorker;
  return processes === 'threads' && !nodeWorkerThreads().isMainThread;
}

/** Gathers what workers measure, or reports to who does. */
export function openProcesses(
  processes: Processes,
  own: MetricSource,
  meterProvider: MeterProvider | undefined,
): OpenProcesses {
  if (processes === 'alone' && nodeCluster().isWorker)
    noticeOnce(
      'cluster worker',
      "this worker of a cluster serves its own metrics only: give it a port of its own, or processes: 'cluster'",
      'info',
    );
  if (processes === 'alone') return { source: own, report: async () => {}, close: () => {} };
  if (reportsElsewhere(processes)) return openReporter(processes, own);
  const isShared = processes === 'cluster' ? isOfMachine : isOfProcess;
  const gathering = new Gathering({ clock: systemClock, meterProvider, isShared });
  const stop = processes === 'cluster' ? gatherFromCluster(gathering) : gatherFromThreads(gathering);
  return {
    source: new GatheredSource(own, gathering),
    report: async () => {},
    close() {
      stop();
      gathering.close();
    },
  };
}

function openReporter(processes: Processes, own: MetricSource): OpenProcesses {
  const { send, listen } =
    processes === 'cluster' ? { send: sendToPrimary, listen: reportToPrimary } : reportFromThread();
  const reporter = new Reporter(own, systemClock, send);
  const stop = listen(reporter);
  return { source: own, report: () => reporter.end(), close: stop };
}

/** What every process of a machine or container reads alike, and what is about the gathering itself. */
function isOfMachine(name: string): boolean {
  return /^(system\.|container\.|perf\.workers?\b)/.test(name);
}

/** What every thread of a process does, too. */
function isOfProcess(name: string): boolean {
  return isOfMachine(name) || /^(process\.|perf\.process\.)/.test(name);
}
