import { InvalidOptionError } from '../errors.js';
import { ACTION_MODES, type ActionMode } from './decision.js';

/** @throws {InvalidOptionError} for a mode that is not in `known`, by default one of all three. */
export function checkMode<Mode extends ActionMode = ActionMode>(
  option: string,
  mode: unknown,
  known: readonly Mode[] = ACTION_MODES as readonly Mode[],
): Mode {
  const found = known.find((one) => one === mode);
  if (found === undefined) throw new InvalidOptionError(option, `one of ${known.join(', ')}`, mode);
  return found;
}
