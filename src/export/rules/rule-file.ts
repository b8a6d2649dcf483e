/** A series Prometheus computes and keeps. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A condition somebody is told of when it holds for some time. */
export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  /** How long it has to hold, in Prometheus' way: `5m`. */
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A rule of Prometheus: for a recorded series or for an alert. */
export type Rule = RecordingRule | AlertingRule;

/** Rules that are evaluated one after the other. */
export interface RuleGroup {
  readonly name: string;
  /** @default the `evaluation_interval` of Prometheus */
  readonly interval?: string;
  readonly rules: readonly Rule[];
}

/** A rule file of Prometheus; {@link toYaml} writes it. */
export interface RuleFile {
  readonly groups: readonly RuleGroup[];
}
