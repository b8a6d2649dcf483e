/** What an engine can do. A task that needs more is refused when it is registered. */
export interface TaskCapabilities {
  /** Runs functions of this process; otherwise handlers have to be modules. */
  readonly closures: boolean;
  /** What was submitted survives the process. It may then run more than once. */
  readonly durable: boolean;
  /** Cancels what runs in another process. */
  readonly crossProcessCancel: boolean;
  readonly priorities: boolean;
  readonly delay: boolean;
}

export const CAPABILITIES: readonly (keyof TaskCapabilities)[] = [
  'closures',
  'durable',
  'crossProcessCancel',
  'priorities',
  'delay',
];
