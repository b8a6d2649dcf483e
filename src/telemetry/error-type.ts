const MAX_LENGTH = 64;

/**
 * The `error.type` of what was thrown: the error's class, or its `code` where the class says nothing. Never the
 * message, which holds ids and would make a series per request.
 */
export function errorTypeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return '_OTHER';
  try {
    const { name, code } = thrown as { name?: unknown; code?: unknown };
    if (isIdentifier(name) && name !== 'Error') return name;
    const className = thrown.constructor?.name;
    // Few classes set their `name`: those that do not inherit 'Error'.
    if (isIdentifier(className) && className !== 'Error' && className !== 'Object') return className;
    if (isIdentifier(code)) return code;
    return name === 'Error' || className === 'Error' ? 'Error' : '_OTHER';
  } catch {
    // A throwing getter on an error must not replace the error.
    return '_OTHER';
  }
}

function isIdentifier(text: unknown): text is string {
  return typeof text === 'string' && text.length <= MAX_LENGTH && /^[A-Za-z_$][\w$.-]*$/.test(text);
}
