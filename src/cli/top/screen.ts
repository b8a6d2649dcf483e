import type { ReadStream, WriteStream } from 'node:tty';
import { clip } from './text-table.js';

const CSI = '\u001B[';
const DEFAULT_SIZE = { columns: 100, rows: 40 } as const;
/** q, Q, Ctrl-C and Ctrl-D, as bytes. */
const QUIT_KEYS: ReadonlySet<number> = new Set([0x71, 0x51, 0x03, 0x04]);

/** The terminal while it shows one picture: a screen of its own, which leaves what was there before as it was. */
export class Screen {
  readonly #stdin: ReadStream;
  readonly #stdout: WriteStream;
  readonly #quit: () => void;
  #lines: readonly string[] = [];
  #isOpen = false;

  /** `quit`: somebody has pressed q or Ctrl-C. */
  constructor(stdin: ReadStream, stdout: WriteStream, quit: () => void) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#quit = quit;
  }

  get columns(): number {
    // Some terminals say 0 when they do not know.
    return (this.#stdout.columns || DEFAULT_SIZE.columns) - 1;
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#stdout.write(`${CSI}?1049h${CSI}?25l${CSI}2J`);
    // Whatever ends the process, the terminal must be usable afterwards.
    process.once('exit', this.close);
    this.#stdout.on('resize', this.#redraw);
    if (!this.#stdin.isTTY) return;
    this.#stdin.setRawMode(true);
    this.#stdin.on('data', this.#onKey);
    this.#stdin.resume();
  }

  draw(lines: readonly string[]): void {
    this.#lines = lines;
    this.#redraw();
  }

  readonly close = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.close);
    this.#stdout.off('resize', this.#redraw);
    if (this.#stdin.isTTY) {
      this.#stdin.off('data', this.#onKey);
      this.#stdin.setRawMode(false);
      this.#stdin.pause();
    }
    this.#stdout.write(`${CSI}?25h${CSI}?1049l`);
  };

  readonly #onKey = (keys: Buffer): void => {
    if (keys.some((key) => QUIT_KEYS.has(key))) this.#quit();
  };

  /** In place, line by line: to clear the screen first would make it flicker. */
  readonly #redraw = (): void => {
    const rows = this.#stdout.rows || DEFAULT_SIZE.rows;
    const fits = this.#lines.length <= rows;
    const lines = fits
      ? this.#lines
      : [
          ...this.#lines.slice(0, rows - 1),
          clip(`${this.#lines.length - rows + 1} more lines; --once prints all`, this.columns),
        ];
    this.#stdout.write(`${CSI}H${lines.map((line) => `${line}${CSI}K`).join('\r\n')}${CSI}J`);
  };
}
