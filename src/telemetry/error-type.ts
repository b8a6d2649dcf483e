const MAX_LENGTH = 64;

/**
 * The `error.type` of what was thrown: the error's class, or its `code` where the class says nothing. Never the
 * message, which holds ids and would make a series per request.
 */
export function errorTypeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return '_OTHER';
  try {
    const { name, code } = thrown as { name?: unknown; code?: unknown };
    if ((name === 'Error' || name === undefined) && isIdentifier(code)) return code;
    if (isIdentifier(name)) return name;
    const className = thrown.constructor?.name;
    return isIdentifier(className) && className !== 'Object' ? className : '_OTHER';
  } catch {
    // A throwing getter on an error must not replace the error.
    return '_OTHER';
  }
}

function isIdentifier(text: unknown): text is string {
  return typeof text === 'string' && text.length <= MAX_LENGTH && /^[A-Za-z_$][\w$.-]*$/.test(text);
}
