import * as catalogue from '../telemetry/catalogue.js';
import type { Instruments } from '../telemetry/instruments.js';
import type { Sample } from './sampler.js';

/** Where the last sample is found. */
export interface SampleSource {
  readonly lastSample: Sample | undefined;
}

type Report = (value: number, attributes?: Readonly<Record<string, string>>) => void;
type SampleReader = (sample: Sample, report: Report) => void;

/** Those that want to publish, in order of arrival. The first one does. */
const waiting = new WeakMap<Instruments, SampleSource[]>();

/**
 * Lets every exporter read the last sample, under the names of the semantic conventions. The callbacks only read, so
 * any number of readers sees the same. One source publishes at a time, since two would be added up; the next takes over
 * when it ends.
 */
export function publishSamples(instruments: Instruments, source: SampleSource): () => void {
  const sources = waiting.get(instruments) ?? [];
  waiting.set(instruments, sources);
  sources.push(source);
  const observe = <D extends Parameters<Instruments['observe']>[0]>(definition: D, read: SampleReader) =>
    instruments.observe(definition, source, (owner: SampleSource, report) => {
      if (owner === sources[0] && owner.lastSample !== undefined) read(owner.lastSample, report as Report);
    });
  const cancels = [
    observe(catalogue.processCpuTime, ({ host }, report) => {
      for (const [mode, seconds] of Object.entries(host.processCpuSeconds))
        report(seconds, { 'cpu.mode': mode });
    }),
    observe(catalogue.processCpuUtilization, ({ processCpuShares }, report) => {
      for (const [mode, share] of Object.entries(processCpuShares)) report(share, { 'cpu.mode': mode });
    }),
    observe(catalogue.processMemoryUsage, ({ host }, report) => report(host.processMemoryBytes)),
    observe(catalogue.processUptime, (_, report) => report(process.uptime())),
    observe(catalogue.systemCpuTime, ({ host }, report) => {
      for (const [mode, seconds] of Object.entries(host.systemCpuSeconds))
        report(seconds, { 'cpu.mode': mode });
    }),
    observe(catalogue.systemCpuUtilization, ({ cpuShares }, report) => {
      for (const [mode, share] of Object.entries(cpuShares)) report(share, { 'cpu.mode': mode });
    }),
    observe(catalogue.systemMemoryUsage, ({ host }, report) => {
      report(host.memoryUsedBytes, { 'system.memory.state': 'used' });
      report(host.memoryFreeBytes, { 'system.memory.state': 'free' });
    }),
    observe(catalogue.systemMemoryUtilization, ({ snapshot }, report) => {
      report(snapshot.memoryPercent / 100, { 'system.memory.state': 'used' });
      report(1 - snapshot.memoryPercent / 100, { 'system.memory.state': 'free' });
    }),
    observe(catalogue.systemDiskIo, ({ io }, report) => {
      if (io === undefined) return;
      report(io.diskReadBytes, { 'disk.io.direction': 'read' });
      report(io.diskWriteBytes, { 'disk.io.direction': 'write' });
    }),
    observe(catalogue.systemNetworkIo, ({ io }, report) => {
      if (io === undefined) return;
      report(io.networkReceivedBytes, { 'network.io.direction': 'receive' });
      report(io.networkSentBytes, { 'network.io.direction': 'transmit' });
    }),
    observe(catalogue.eventLoopUtilization, ({ snapshot }, report) => report(snapshot.eventLoopUtilization)),
    observe(catalogue.heapUsed, ({ heapSpaces }, report) => {
      for (const { name, usedBytes } of heapSpaces) report(usedBytes, { 'v8js.heap.space.name': name });
    }),
    observe(catalogue.heapLimit, ({ heapLimitBytes }, report) => report(heapLimitBytes)),
  ];
  return () => {
    for (const cancel of cancels) cancel();
    const place = sources.indexOf(source);
    if (place >= 0) sources.splice(place, 1);
  };
}
