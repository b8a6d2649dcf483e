import type { LiveDecision, LiveReport } from '../live-report.js';
import { asBytes, asCount, asShare, asSpan, asWords } from '../format.js';
import { byId, element, KeyedChildren, setAttribute, setText } from './elements.js';
import { part, section, type Section } from './section.js';

const TONES: Readonly<Record<string, string>> = {
  applied: 'good',
  advised: 'warn',
  rolled_back: 'bad',
  improved: 'good',
  worse: 'bad',
};
const SETTINGS_IN_BYTES: ReadonlySet<string> = new Set(['cache_budget', 'memory_governor']);

export function optimizer(): Section {
  const { shown, content, tell } = section({ id: 'optimizer', title: 'Optimizer' });
  const facts = element('dl', { class: 'facts' });
  const pairs = new KeyedChildren<readonly [string, string], HTMLElement>(facts, ([term]) => {
    const value = element('dd');
    return {
      shown: element('div', {}, element('dt', {}, term), value),
      update: ([, text]) => setText(value, text),
    };
  });
  const advice = element('ul', { class: 'advice' });
  const sentences = new KeyedChildren<string, HTMLElement>(advice, (text) => ({
    shown: element('li', {}, text),
    update: () => {},
  }));
  const recommended = part('Recommended', advice);
  const changes = element('ol', { class: 'decisions' });
  const decisions = new KeyedChildren<LiveDecision, HTMLElement>(changes, decisionItem);
  const none = element('p', { class: 'empty' });
  const held = element('ol', { class: 'decisions' });
  const holds = new KeyedChildren<LiveDecision, HTMLElement>(held, decisionItem);
  const heldSummary = element('summary', {}, 'Left alone');
  const rest = element('details', {}, heldSummary, held);
  content.append(facts, recommended, part('Decisions', none, changes, rest));
  const announce = announcer();
  return {
    shown,
    update(report) {
      const { optimizer: told } = report;
      tell(told.isAutomatic ? 'Looks by itself' : 'Looks only when the application asks it to');
      pairs.show(factsOf(report).map((pair) => [pair[0], pair]));
      recommended.hidden = told.recommendations.length === 0;
      sentences.show(told.recommendations.map((text) => [text, text]));
      none.hidden = told.decisions.length > 0;
      setText(none, nothingDecided(report));
      decisions.show(told.decisions.map((decision) => [decision.id, decision]));
      rest.hidden = told.held.length === 0;
      setText(heldSummary, `Left alone, and why (${told.held.length})`);
      holds.show(told.held.map((decision) => [`${decision.action} ${decision.target}`, decision]));
      announce(told.decisions);
    },
  };
}

/** Says new decisions to who does not see them; those there were at first are no news. */
function announcer(): (decisions: readonly LiveDecision[]) => void {
  const news = byId('news');
  let last: string | undefined;
  return (decisions) => {
    const [newest] = decisions;
    const isNews = newest !== undefined && last !== undefined && newest.id !== last && newest.times === 1;
    if (isNews) setText(news, `${titleOf(newest)}. ${newest.explanation}`);
    last = newest?.id ?? '';
  };
}

function nothingDecided({ optimizer: { isAutomatic, counts } }: LiveReport): string {
  if (counts.held > 0)
    return `Nothing to change so far, after ${asCount(counts.held)} decisions to leave things alone.`;
  return isAutomatic
    ? 'It has not looked yet.'
    : 'It has not looked: optimizer.startAutoOptimization() lets it look every few minutes, optimizer.optimizeAll() once.';
}

function factsOf({ optimizer: { pressures, settings, modes } }: LiveReport): (readonly [string, string])[] {
  const acting = Object.entries(modes).filter(([, mode]) => mode === 'auto');
  return [
    ...pressures.map(({ source, share }) => [`${source} pressure`, asShare(share)] as const),
    ...settings.map(({ action, target, value }) => {
      return [`${asWords(action)} of ${target}`, settingText(action, value)] as const;
    }),
    ['acts by itself', acting.map(([name]) => asWords(name)).join(', ') || 'nothing, it advises'] as const,
  ];
}

function settingText(action: string, value: number): string {
  if (SETTINGS_IN_BYTES.has(action)) return asBytes(value);
  return action === 'load_shedding' ? asShare(value) : asCount(value);
}

function decisionItem(first: LiveDecision) {
  const outcome = element('span', { class: TONES[first.outcome] ?? 'quiet' });
  const title = element('strong');
  const time = element('time');
  const explanation = element('p', { class: 'quiet' });
  const recommendation = element('p');
  const verdict = element('p');
  const shown = element(
    'li',
    {},
    element('div', { class: 'what' }, outcome, title, time),
    explanation,
    recommendation,
    verdict,
  );
  const update = (decision: LiveDecision) => {
    setText(outcome, asWords(decision.outcome));
    setText(title, titleOf(decision));
    const at = new Date(decision.time * 1000);
    setAttribute(time, 'datetime', at.toISOString());
    const repeated = decision.times > 1 ? `, ${asCount(decision.times)} times` : '';
    setText(time, `${at.toLocaleTimeString()}${repeated}`);
    setText(explanation, decision.explanation);
    // What was done already is said.
    recommendation.hidden = decision.outcome !== 'advised' || decision.recommendation === undefined;
    setText(recommendation, decision.recommendation ?? '');
    verdict.hidden = decision.verdict === undefined;
    setText(verdict, decision.verdict === undefined ? '' : verdictText(decision));
    setAttribute(verdict, 'class', TONES[decision.verdict?.kind ?? ''] ?? 'quiet');
  };
  return { shown, update };
}

function titleOf({ action, target, reason }: LiveDecision): string {
  return `${asWords(action)} of ${target}: ${asWords(reason)}`;
}

/** Where a verdict has an interval, its explanation has it too. */
function verdictText({ time, verdict }: LiveDecision): string {
  const { time: judgedAt, kind, explanation } = verdict!;
  return `${asSpan(judgedAt - time)} later ${kind}: ${explanation}`;
}
