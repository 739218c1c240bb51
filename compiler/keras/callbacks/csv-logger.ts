/**
 * The logs of each epoch as a line of a table.
 */
import { type Options, readOptions } from "../options.ts";
import { appendFile, fileExists, readFile, writeFile } from "../saving/files.ts";
import { Callback, type Logs } from "./callback.ts";
import { floatText } from "./python-format.ts";

export interface CsvLoggerOptions {
  filename?: string;
  /** Default ",". */
  separator?: string;
  /** Goes on in a file that is there; default false: it is written anew. */
  append?: boolean;
}

/** Example: `keras.callbacks.CSVLogger("training.csv")`. Columns are the epoch and the logs of the first one, in alphabetical order. */
export class CSVLogger extends Callback {
  private readonly options: Required<CsvLoggerOptions>;
  private hasHeader = false;
  private keys: readonly string[] | undefined;

  constructor(...args: (string | boolean | Options<CsvLoggerOptions>)[]) {
    super();
    const defaults = { filename: undefined as string | undefined, separator: ",", append: false };
    const positional = ["filename", "separator", "append"];
    const read = readOptions(args, defaults, { owner: "CSVLogger", positional });
    this.options = { ...read, filename: String(read.filename) };
  }

  override async onTrainBegin(): Promise<void> {
    const { filename, append } = this.options;
    this.keys = undefined;
    this.hasHeader = append && (await fileExists(filename)) && (await readFile(filename)).length > 0;
    if (!append) await writeFile(filename, new Uint8Array());
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    this.keys ??= columns(Object.keys(logs).sort());
    const lines = [
      ...(this.hasHeader ? [] : [["epoch", ...this.keys]]),
      [String(epoch), ...this.keys.map((key) => (key in logs ? floatText(logs[key]) : "NA"))],
    ];
    this.hasHeader = true;
    const text = lines.map(
      (cells) => `${cells.map((cell) => this.quoted(cell)).join(this.options.separator)}\r\n`,
    );
    await appendFile(this.options.filename, text.join(""));
  }

  private quoted(cell: string): string {
    const needsQuotes = cell.includes(this.options.separator) || /["\r\n]/.test(cell);
    return needsQuotes ? `"${cell.replaceAll('"', '""')}"` : cell;
  }
}

/** Where the first epoch was not evaluated, later ones may be: their columns are there from the beginning. */
const columns = (keys: readonly string[]): readonly string[] =>
  keys.some((key) => key.startsWith("val_")) ? keys : [...keys, ...keys.map((key) => `val_${key}`)];
