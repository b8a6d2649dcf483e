import { closing, isMark, type Token } from './tokens.js';

/** One way a file reaches another module: import, export from, `import()`, `import('x').T` or `require`. */
export interface Import {
  /** `undefined` where the path is computed and so cannot be checked. */
  readonly specifier: string | undefined;
  /** Gone after compilation. `import { type A }` is not: the module is still loaded. */
  readonly typeOnly: boolean;
  /** What the module's exports are called in this file. */
  readonly names: readonly string[];
  readonly line: number;
}

export function readImports(tokens: readonly Token[]): readonly Import[] {
  const loaders = requireFunctions(tokens);
  return tokens.flatMap((token, index) => {
    if (token.kind !== 'word' || isMember(tokens, index)) return [];
    if (token.value === 'import' || token.value === 'export') return readStatement(tokens, token, index);
    if (loaders.has(token.value)) return readRequire(tokens, token, index + 1);
    // createRequire(import.meta.url)('x'), without a name in between.
    if (token.value === 'createRequire' && isMark(tokens[index + 1], '(')) {
      return readRequire(tokens, token, closing(tokens, index + 1) + 1);
    }
    return [];
  });
}

/** `import` and `export` are statements, calls or `import.meta`; an `export` may have no module at all. */
function readStatement(tokens: readonly Token[], keyword: Token, index: number): readonly Import[] {
  const next = tokens[index + 1];
  if (next === undefined || isMark(next, '.')) return [];
  if (keyword.value === 'import' && isMark(next, '(')) return [readCall(tokens, keyword, index + 1)];
  if (keyword.value === 'import' && next.kind === 'text') {
    return [{ specifier: next.value, typeOnly: false, names: [], line: keyword.line }];
  }
  const typeOnly = next.value === 'type' && tokens[index + 2]?.value !== 'from';
  const start = index + (typeOnly ? 2 : 1);
  if (keyword.value === 'export' && !isMark(tokens[start], '{') && !isMark(tokens[start], '*')) return [];
  const from = endOfClause(tokens, start);
  const path = tokens[from + 1];
  if (tokens[from]?.value !== 'from' || path?.kind !== 'text') return [];
  return [
    { specifier: path.value, typeOnly, names: boundNames(tokens.slice(start, from)), line: keyword.line },
  ];
}

/** A clause is names, commas, one star and one pair of braces; it ends at `from` or where it cannot go on. */
function endOfClause(tokens: readonly Token[], start: number): number {
  let index = start;
  for (let token = tokens[index]; token !== undefined; token = tokens[index]) {
    if (isMark(token, '{')) index = closing(tokens, index) + 1;
    else if (token.value === 'from' && tokens[index + 1]?.kind === 'text') return index;
    else if (token.kind === 'word' || isMark(token, ',') || isMark(token, '*')) index += 1;
    else return index;
  }
  return index;
}

/** The local names of `A, { type B, c as D, e: F }, * as G`: the last word of every part. */
function boundNames(clause: readonly Token[]): readonly string[] {
  return clause
    .filter(
      ({ kind }, index) =>
        kind === 'word' && clause[index + 1]?.kind !== 'word' && !isMark(clause[index + 1], ':'),
    )
    .map(({ value }) => value);
}

function readRequire(tokens: readonly Token[], keyword: Token, index: number): readonly Import[] {
  const isResolve = isMark(tokens[index], '.') && tokens[index + 1]?.value === 'resolve';
  const open = isResolve ? index + 2 : index;
  return isMark(tokens[open], '(') ? [readCall(tokens, keyword, open)] : [];
}

function readCall(tokens: readonly Token[], keyword: Token, open: number): Import {
  const path = tokens[open + 1];
  const after = tokens[open + 2];
  const isPlain = path?.kind === 'text' && (isMark(after, ')') || isMark(after, ','));
  return {
    specifier: isPlain ? path.value : undefined,
    typeOnly: false,
    names: assignedNames(tokens, tokens.indexOf(keyword)),
    line: keyword.line,
  };
}

/** The names in `const { A, b: C } = await import('x')`, found by going back from the call. */
function assignedNames(tokens: readonly Token[], call: number): readonly string[] {
  const before = tokens.slice(0, call);
  const start = before.findLastIndex((token) => isMark(token, ';') || isMark(token, '=>')) + 1;
  const statement = before.slice(start);
  const equals = statement.findLastIndex((token) => isMark(token, '='));
  const declaration = statement.findLastIndex(({ value }) => ['const', 'let', 'var'].includes(value));
  if (equals < 0 || declaration < 0) return [];
  const declared = statement.slice(declaration + 1, equals);
  const [first] = declared;
  return first?.kind === 'word' ? [first.value] : boundNames(declared);
}

/** `require` itself, that of `installed-package.ts`, and every name in `const load = createRequire(...)`. */
function requireFunctions(tokens: readonly Token[]): ReadonlySet<string> {
  const named = tokens.flatMap((token, index) => {
    if (token.value !== 'createRequire' || !isMark(tokens[index - 1], '=')) return [];
    const after = tokens[closing(tokens, index + 1) + 1];
    return isMark(after, '(') ? [] : assignedNames(tokens, index);
  });
  return new Set(['require', 'loadInstalled', ...named]);
}

/** `x.import`, or a key or method of that name. */
function isMember(tokens: readonly Token[], index: number): boolean {
  return isMark(tokens[index - 1], '.') || isMark(tokens[index - 1], '?.') || isMark(tokens[index + 1], ':');
}
