import 'uplot/dist/uPlot.min.css';
import { createTheme, ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome, PortalContainer } from '@grafana/ui';
import type { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import type { PanelJson } from '../../test/grafana/dashboard-json.js';
import { GRID, pictureHeight, type Picture } from './picture.js';
import { Bars, Graph, Heatmap, Stat, type PanelProps } from './panels.js';

declare global {
  interface Window {
    readonly picture: Picture;
  }
}

const theme = createTheme({ colors: { mode: 'dark' } });
const COMPONENTS: Readonly<Record<string, (props: PanelProps) => ReactNode>> = {
  timeseries: Graph,
  stat: Stat,
  bargauge: Bars,
  heatmap: Heatmap,
};

function Page({ picture }: { readonly picture: Picture }): ReactNode {
  const { dashboard } = picture;
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <PortalContainer />
      <div
        style={{
          position: 'relative',
          width: GRID.width,
          height: pictureHeight(dashboard),
          background: theme.colors.background.canvas,
          color: theme.colors.text.primary,
        }}
      >
        <Header picture={picture} />
        {dashboard.panels.map((panel) => (
          <Placed key={panel.id} at={panel.gridPos}>
            {(width, height) =>
              panel.type === 'row' ? (
                <div style={{ fontSize: 16, fontWeight: 500, paddingTop: 4 }}>▾ {panel.title}</div>
              ) : (
                <DrawnPanel panel={panel as PanelJson} picture={picture} width={width} height={height} />
              )
            }
          </Placed>
        ))}
      </div>
    </ThemeContext.Provider>
  );
}

function Header({ picture: { dashboard } }: { readonly picture: Picture }): ReactNode {
  return (
    <div
      style={{
        display: 'flex',
        gap: 12,
        alignItems: 'center',
        padding: '12px 8px',
        height: GRID.headerHeight,
      }}
    >
      <div style={{ fontSize: 20, fontWeight: 500, marginRight: 24 }}>{dashboard.title}</div>
      {dashboard.templating.list.map(({ name, label, type }) => (
        <div
          key={name}
          style={{ border: `1px solid ${theme.colors.border.medium}`, padding: '4px 10px', fontSize: 13 }}
        >
          <span style={{ color: theme.colors.text.secondary }}>{label}</span>{' '}
          {type === 'datasource' ? 'Prometheus' : 'All'}
        </div>
      ))}
    </div>
  );
}

function Placed({
  at: { x, y, w, h },
  children,
}: {
  readonly at: PanelJson['gridPos'];
  readonly children: (width: number, height: number) => ReactNode;
}): ReactNode {
  const column = (GRID.width - GRID.gap) / GRID.columns;
  const row = GRID.cellHeight + GRID.gap;
  const [width, height] = [w * column - GRID.gap, h * row - GRID.gap];
  const place = { left: GRID.gap + x * column, top: GRID.headerHeight + y * row, width, height };
  return <div style={{ position: 'absolute', ...place }}>{children(width, height)}</div>;
}

function DrawnPanel({
  panel,
  picture,
  width,
  height,
}: {
  readonly panel: PanelJson;
  readonly picture: Picture;
  readonly width: number;
  readonly height: number;
}): ReactNode {
  const Drawn = COMPONENTS[panel.type];
  const series = picture.series[panel.id] ?? [];
  return (
    <PanelChrome title={panel.title} width={width} height={height}>
      {(innerWidth, innerHeight) =>
        Drawn === undefined || series.length === 0 ? (
          <div style={{ color: 'red' }}>No data</div>
        ) : (
          <Drawn {...{ panel, series, picture, theme, width: innerWidth, height: innerHeight }} />
        )
      }
    </PanelChrome>
  );
}

createRoot(document.querySelector('#root')!).render(<Page picture={window.picture} />);
