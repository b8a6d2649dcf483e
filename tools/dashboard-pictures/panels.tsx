import {
  dateTime,
  FieldType,
  getDisplayProcessor,
  getValueFormat,
  formattedValueToString,
  toDataFrame,
  VizOrientation,
  type DataFrame,
  type Field,
  type FieldConfig,
  type GrafanaTheme2,
} from '@grafana/data';
import {
  BarGauge,
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  TimeSeries,
} from '@grafana/ui';
import { useEffect, useRef, type ReactNode } from 'react';
import type { PanelJson } from '../../test/grafana/dashboard-json.js';
import type { Picture, Series } from './picture.js';

export interface PanelProps {
  readonly panel: PanelJson;
  readonly series: readonly Series[];
  readonly picture: Picture;
  readonly theme: GrafanaTheme2;
  readonly width: number;
  readonly height: number;
}

type Options = Readonly<Record<string, never>>;

/** Lines over time. */
export function Graph({ panel, series, picture, theme, width, height }: PanelProps): ReactNode {
  const frames = series.map((one, i) => frameOf(one, i, panel, theme));
  const options = panel.options as unknown as { legend: Options };
  return (
    <TimeSeries
      frames={frames}
      width={width}
      height={height}
      timeRange={rangeOf(picture)}
      timeZone="utc"
      legend={options.legend as never}
    >
      {(builder) => {
        builder.addHook('draw', (plot) => {
          const { left, top, width: innerWidth, height: innerHeight } = plot.bbox;
          for (const { color, time } of picture.marks) {
            const x = plot.valToPos(time * 1000, 'x', true);
            if (x < left || x > left + innerWidth) continue;
            plot.ctx.save();
            plot.ctx.strokeStyle = theme.visualization.getColorByName(color);
            plot.ctx.setLineDash([4, 4]);
            plot.ctx.beginPath();
            plot.ctx.moveTo(x, top);
            plot.ctx.lineTo(x, top + innerHeight);
            plot.ctx.stroke();
            plot.ctx.restore();
          }
        });
        return null;
      }}
    </TimeSeries>
  );
}

/** One number for each series, with its course. */
export function Stat({ panel, series, theme, width, height }: PanelProps): ReactNode {
  const colorMode = (panel.options as unknown as { colorMode: BigValueColorMode }).colorMode;
  const columns = width > height * 2 ? series.length : 1;
  const [each, tall] = [width / columns, (height * columns) / series.length];
  return (
    <div style={{ display: 'flex', flexWrap: 'wrap' }}>
      {series.map((one, i) => {
        const frame = frameOf(one, i, panel, theme);
        const field = frame.fields[1]!;
        const value = {
          ...field.display!(one.values.at(-1)),
          ...(series.length > 1 && { title: one.legend }),
        };
        return (
          <BigValue
            key={one.legend}
            width={each}
            height={tall}
            theme={theme}
            value={value}
            count={series.length}
            colorMode={colorMode}
            graphMode={BigValueGraphMode.Area}
            justifyMode={BigValueJustifyMode.Auto}
            textMode={BigValueTextMode.Auto}
            sparkline={{ x: frame.fields[0]!, y: field }}
          />
        );
      })}
    </div>
  );
}

const BAR_GAP = 4;

/** Values of now. */
export function Bars({ panel, series, theme, width, height }: PanelProps): ReactNode {
  const shown = series.toSorted((a, b) => b.values.at(-1)! - a.values.at(-1)!);
  const max = shown[0]!.values.at(-1)!;
  const each = height / shown.length;
  return (
    <div style={{ fontSize: 12, display: 'grid', rowGap: BAR_GAP }}>
      {shown.map((one, i) => {
        const field = frameOf(one, i, panel, theme).fields[1]!;
        const config: FieldConfig = { ...field.config, max };
        const value = { ...field.display!(one.values.at(-1)), title: one.legend };
        return (
          <BarGauge
            key={one.legend}
            width={width}
            height={Math.min(each - BAR_GAP, 30)}
            theme={theme}
            field={config}
            display={field.display!}
            value={value}
            text={{ titleSize: 12, valueSize: 12 }}
            orientation={VizOrientation.Horizontal}
            displayMode={'basic' as never}
            itemSpacing={6}
            showUnfilled
            alignmentFactors={{
              title: shown.map(({ legend }) => legend).toSorted((a, b) => b.length - a.length)[0]!,
              text: '1234',
            }}
          />
        );
      })}
    </div>
  );
}

/** Counts of a histogram's buckets, over time: Grafana's panel is none of its public components. */
export function Heatmap({ panel, series, picture, theme, width, height }: PanelProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(
    () => drawHeatmap(canvas.current!, { series, picture, theme, unit: panel.options.yAxis!.unit }),
    [],
  );
  return <canvas ref={canvas} width={width} height={height} />;
}

function drawHeatmap(
  canvas: HTMLCanvasElement,
  {
    series,
    picture,
    theme,
    unit,
  }: Pick<PanelProps, 'series' | 'picture' | 'theme'> & { readonly unit: string },
): void {
  const context = canvas.getContext('2d')!;
  const [left, bottom] = [64, 24];
  const buckets = series.toSorted((a, b) => boundary(a) - boundary(b));
  const at = buckets.map(({ times, values }) => new Map(times.map((time, i) => [time, values[i]!])));
  const times = [...new Set(buckets.flatMap((bucket) => bucket.times))].toSorted((a, b) => a - b);
  const counts = buckets.map((_, i) =>
    times.map((time) => Math.max(0, (at[i]!.get(time) ?? 0) - (i === 0 ? 0 : (at[i - 1]!.get(time) ?? 0)))),
  );
  const most = Math.max(...counts.flat(), Number.MIN_VALUE);
  const cell = (canvas.height - bottom) / buckets.length;
  const x = (time: number) =>
    left + ((time - picture.from) / (picture.to - picture.from)) * (canvas.width - left);
  const step = times.length > 1 ? x(times[1]!) - x(times[0]!) : 4;
  const format = getValueFormat(unit);
  context.font = `12px ${theme.typography.fontFamily}`;
  for (const [row, bucket] of buckets.entries()) {
    const y = canvas.height - bottom - (row + 1) * cell;
    for (const [column, time] of times.entries()) {
      const share = Math.sqrt(counts[row]![column]! / most);
      if (share === 0) continue;
      context.fillStyle = `hsl(${240 - 240 * share}, 80%, ${30 + 25 * share}%)`;
      context.fillRect(x(time), y, Math.max(step - 1, 1), cell - 1);
    }
    if (row % Math.ceil(16 / cell) !== 0) continue;
    context.fillStyle = theme.colors.text.secondary;
    const le = boundary(bucket);
    context.fillText(Number.isFinite(le) ? formattedValueToString(format(le)) : '+Inf', 4, y + cell - 2);
  }
  context.fillStyle = theme.colors.text.secondary;
  for (let time = Math.ceil(picture.from / 60) * 60; time < picture.to; time += 60)
    context.fillText(
      dateTime(time * 1000)
        .utc()
        .format('HH:mm'),
      x(time) - 15,
      canvas.height - 6,
    );
}

function boundary({ labels: { le = '' } }: Series): number {
  return le === '+Inf' ? Infinity : Number(le);
}

function frameOf(one: Series, index: number, panel: PanelJson, theme: GrafanaTheme2): DataFrame {
  const config = { ...(panel.fieldConfig.defaults as FieldConfig), displayNameFromDS: one.legend };
  const frame = toDataFrame({
    fields: [
      { name: 'Time', type: FieldType.time, values: one.times.map((time) => time * 1000), config: {} },
      {
        name: 'Value',
        type: FieldType.number,
        values: one.values.map((value) => (Number.isFinite(value) ? value : null)),
        config,
      },
    ],
  });
  for (const field of frame.fields as Field[]) {
    const name = field.type === FieldType.time ? 'Time' : one.legend;
    field.state = { seriesIndex: index, displayName: name, range: rangeOfValues(one.values) };
    field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
  }
  return frame;
}

function rangeOfValues(values: readonly number[]) {
  const finite = values.filter((value) => Number.isFinite(value));
  const [min, max] = [Math.min(...finite), Math.max(...finite)];
  return { min, max, delta: max - min };
}

function rangeOf({ from, to }: Picture) {
  const range = { from: dateTime(from * 1000), to: dateTime(to * 1000) };
  return { ...range, raw: range };
}
