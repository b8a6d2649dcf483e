/** What the tests read of a dashboard's JSON. */
export interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly AnyPanelJson[];
  readonly templating: { readonly list: readonly VariableJson[] };
  readonly annotations: { readonly list: readonly AnnotationJson[] };
}

export interface AnnotationJson {
  readonly name: string;
  readonly expr: string;
  readonly iconColor: string;
}

export interface AnyPanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

export interface PanelJson extends AnyPanelJson {
  readonly description: string;
  readonly datasource: { readonly uid: string };
  readonly fieldConfig: { readonly defaults: { readonly unit?: string } };
  readonly options: { readonly yAxis?: { readonly unit: string } };
  readonly targets: readonly TargetJson[];
}

export interface TargetJson {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly instant?: boolean;
}

export interface VariableJson {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
}

/** Its panels, without the rows. */
export function panelsOf(json: DashboardJson): PanelJson[] {
  return json.panels.filter(({ type }) => type !== 'row') as PanelJson[];
}
