/**
 * Just enough of a TypeScript tokenizer to tell code from comments, texts and patterns. Comments are dropped; texts
 * come with what they hold, so that an import path can be read and a mention of one in a comment cannot.
 *
 * It does not parse, so it guesses in one place: whether a slash divides or opens a pattern is decided by the token
 * before it, as old syntax highlighters did. A wrong guess is over at the end of its line.
 */
export interface Token {
  readonly kind: 'word' | 'text' | 'mark' | 'number' | 'pattern';
  /** A text without its quotes. A template with holes is split around them. */
  readonly value: string;
  readonly line: number;
}

const SPACE_OR_COMMENT = /(?:\s+|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))+/y;
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /\.?\d(?:[\w.]|(?<=[eE])[+-])*/y;
const TEXT = /'(?:\\[^]|[^'\\\n])*'?|"(?:\\[^]|[^"\\\n])*"?/y;
const TEMPLATE_PART = /(?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{|$)/y;
const PATTERN = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const MARK = /=>|\?\.|\.\.\.|[^]/y;

/** After these words a slash opens a pattern, although after other words it divides. */
const WORDS_BEFORE_PATTERN = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'await',
  'yield',
  'void',
  'delete',
]);

export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  /** How many braces are open: in the file, and inside of every open `${`. */
  const holes = [0];
  let at = 0;
  let line = 1;

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  const pass = (text: string): void => {
    at += text.length;
    line += text.split('\n').length - 1;
  };
  const add = (kind: Token['kind'], text: string, value = text): void => {
    tokens.push({ kind, value, line });
    pass(text);
  };
  const addTemplatePart = (): void => {
    const part = match(TEMPLATE_PART) ?? '';
    const opensHole = part.endsWith('${');
    add('text', part, part.slice(0, opensHole ? -2 : -1));
    if (opensHole) holes.push(0);
  };

  while (at < source.length) {
    const skipped = match(SPACE_OR_COMMENT);
    if (skipped !== undefined) {
      pass(skipped);
      continue;
    }
    const word = match(WORD);
    const number = word === undefined ? match(NUMBER) : undefined;
    const char = source.charAt(at);
    const pattern = char === '/' && mayOpenPattern(tokens.at(-1)) ? match(PATTERN) : undefined;
    const text = match(TEXT);
    if (word !== undefined) {
      add('word', word);
    } else if (number !== undefined) {
      add('number', number);
    } else if (pattern !== undefined) {
      add('pattern', pattern);
    } else if (text !== undefined) {
      add('text', text, text.slice(1, -1));
    } else if (char === '`') {
      pass(char);
      addTemplatePart();
    } else if (char === '}' && holes.length > 1 && holes.at(-1) === 0) {
      pass(char);
      holes.pop();
      addTemplatePart();
    } else {
      if (char === '{') holes.push((holes.pop() ?? 0) + 1);
      if (char === '}') holes.push((holes.pop() ?? 0) - 1);
      add('mark', match(MARK) ?? char);
    }
  }
  return tokens;
}

function mayOpenPattern(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === 'word') return WORDS_BEFORE_PATTERN.has(before.value);
  return before.kind === 'mark' && ![')', ']', '}'].includes(before.value);
}

export function isMark(token: Token | undefined, value: string): boolean {
  return token?.kind === 'mark' && token.value === value;
}

const CLOSER: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' };

/** The index of the bracket that closes the one at `open`; `open` itself where there is none. */
export function closing(tokens: readonly Token[], open: number): number {
  const opener = tokens[open];
  const closer = opener?.kind === 'mark' ? CLOSER[opener.value] : undefined;
  if (opener === undefined || closer === undefined) return open;
  let depth = 0;
  for (let index = open; index < tokens.length; index++) {
    if (isMark(tokens[index], opener.value)) depth += 1;
    if (isMark(tokens[index], closer)) depth -= 1;
    if (depth === 0) return index;
  }
  return tokens.length;
}

/** The index of the bracket that the one at `close` closes; -1 where there is none. */
export function opening(tokens: readonly Token[], close: number): number {
  let open = close - 1;
  while (open >= 0 && closing(tokens, open) !== close) open -= 1;
  return open;
}
