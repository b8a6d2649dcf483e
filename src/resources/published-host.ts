import * as catalogue from '../telemetry/catalogue.js';
import { entriesOf, published } from './published.js';

/** Of this process, of JavaScript in it, and of its machine. */
export const HOST_FIGURES = [
  published(catalogue.processCpuTime, ({ processCpuSeconds }, report) => {
    for (const [mode, seconds] of entriesOf(processCpuSeconds)) report(seconds, { 'cpu.mode': mode });
  }),
  published(catalogue.processCpuUtilization, ({ processCpuShares }, report) => {
    for (const [mode, share] of entriesOf(processCpuShares)) report(share, { 'cpu.mode': mode });
  }),
  published(catalogue.processMemoryUsage, ({ host }, report) => report(host.processMemoryBytes)),
  published(catalogue.processUptime, (_, report) => report(process.uptime())),
  published(catalogue.processDiskIo, ({ processDisks }, report) => {
    report(processDisks?.readBytes, { 'disk.io.direction': 'read' });
    report(processDisks?.writtenBytes, { 'disk.io.direction': 'write' });
  }),
  published(catalogue.processFileDescriptors, ({ openFiles }, report) => report(openFiles?.open)),
  published(catalogue.processFileDescriptorLimit, ({ openFiles }, report) => report(openFiles?.limit)),
  published(catalogue.processContextSwitches, ({ counts }, report) => {
    report(counts.voluntarySwitches, { 'process.context_switch.type': 'voluntary' });
    report(counts.involuntarySwitches, { 'process.context_switch.type': 'involuntary' });
  }),
  published(catalogue.processPagingFaults, ({ counts }, report) => {
    report(counts.minorFaults, { 'system.paging.fault.type': 'minor' });
    report(counts.majorFaults, { 'system.paging.fault.type': 'major' });
  }),

  published(catalogue.eventLoopUtilization, ({ loopUtilization }, report) => report(loopUtilization)),
  published(catalogue.eventLoopTime, ({ loop }, report) => {
    report(loop.active / 1000, { 'nodejs.eventloop.state': 'active' });
    report(loop.idle / 1000, { 'nodejs.eventloop.state': 'idle' });
  }),
  published(catalogue.heapUsed, ({ heap }, report) => {
    for (const { name, usedBytes } of heap.spaces) report(usedBytes, { 'v8js.heap.space.name': name });
  }),
  published(catalogue.heapSpaceSize, ({ heap }, report) => {
    for (const { name, sizeBytes } of heap.spaces) report(sizeBytes, { 'v8js.heap.space.name': name });
  }),
  published(catalogue.heapLimit, ({ heap }, report) => report(heap.limitBytes)),
  published(catalogue.heapLive, ({ heap }, report) => report(heap.liveBytes)),
  published(catalogue.gcShare, ({ gcShare }, report) => report(gcShare)),

  published(catalogue.systemCpuTime, ({ machineCpuSeconds }, report) => {
    for (const [mode, seconds] of entriesOf(machineCpuSeconds)) report(seconds, { 'cpu.mode': mode });
  }),
  published(catalogue.systemCpuUtilization, ({ cpuShares }, report) => {
    for (const [mode, share] of entriesOf(cpuShares)) report(share, { 'cpu.mode': mode });
  }),
  published(catalogue.systemMemoryUsage, ({ host }, report) => {
    report(host.memoryUsedBytes, { 'system.memory.state': 'used' });
    report(host.memoryFreeBytes, { 'system.memory.state': 'free' });
  }),
  published(catalogue.systemMemoryUtilization, ({ snapshot }, report) => {
    report(snapshot.memoryPercent / 100, { 'system.memory.state': 'used' });
    report(1 - snapshot.memoryPercent / 100, { 'system.memory.state': 'free' });
  }),
  published(catalogue.systemDiskIo, ({ disks }, report) => {
    report(disks?.readBytes, { 'disk.io.direction': 'read' });
    report(disks?.writtenBytes, { 'disk.io.direction': 'write' });
  }),
  published(catalogue.systemNetworkIo, ({ network }, report) => {
    report(network?.receivedBytes, { 'network.io.direction': 'receive' });
    report(network?.sentBytes, { 'network.io.direction': 'transmit' });
  }),
  published(catalogue.systemLoad1m, ({ loadAverage }, report) => report(loadAverage[0])),
  published(catalogue.systemLoad5m, ({ loadAverage }, report) => report(loadAverage[1])),
  published(catalogue.systemLoad15m, ({ loadAverage }, report) => report(loadAverage[2])),
];
