import { format, resolveConfig } from 'prettier';

/** A text as Prettier would write it to a file of this repository. */
export async function formatted(path, text) {
  return format(text, { ...(await resolveConfig(path)), filepath: path });
}
