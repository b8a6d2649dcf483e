import { fs } from '../../built-ins.js';

/** What all processes have told that the entries take of the disk. */
export interface Usage {
  readonly bytes: number;
  /** Changes when somebody has counted all of them anew. */
  readonly count: number;
}

/** Nothing when nobody has told. */
export function readUsage(file: string): Usage {
  try {
    const { bytes, count } = JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<Usage>;
    if (typeof bytes === 'number' && bytes >= 0 && typeof count === 'number') return { bytes, count };
  } catch {
    // Not there yet, or not ours.
  }
  return { bytes: 0, count: 0 };
}

/** A failure leaves the file as it was: the others know less until the next sweep. */
export function writeUsage(file: string, usage: Usage): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.writeFileSync(temporary, `${JSON.stringify(usage)}\n`);
    fs.renameSync(temporary, file);
  } catch {
    fs.rmSync(temporary, { force: true });
  }
}
