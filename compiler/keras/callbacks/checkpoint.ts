/**
 * Callbacks that write the model to files while it is trained: checkpoints of good epochs, and a backup to go on from after an interruption.
 */
import { ModelError } from "../../../ir/errors.ts";
import { type Options, readOptions } from "../options.ts";
import { fileExists, folderOf, makeFolder, readFile, removePath, writeFile } from "../saving/files.ts";
import { Callback, type Logs, warn } from "./callback.ts";
import { type Mode, MonitorCallback, type MonitorOptions } from "./monitor.ts";
import { formatTemplate } from "./python-format.ts";

type SaveFrequency = "epoch" | number;

/** Counts batches, over the ends of epochs. */
class BatchCounter {
  private sinceSaving = 0;
  private last: number | undefined;
  private readonly every: SaveFrequency;

  constructor(every: SaveFrequency) {
    this.every = every;
  }

  /** Whether it is time to save after batch number `batch` (from 0) of the epoch. */
  isTime(batch: number): boolean {
    if (this.every === "epoch") return false;
    this.sinceSaving += this.last === undefined || batch <= this.last ? batch + 1 : batch - this.last;
    this.last = batch;
    if (this.sinceSaving < this.every) return false;
    this.sinceSaving = 0;
    return true;
  }
}

export interface ModelCheckpointOptions extends MonitorOptions {
  /** Where to: `{epoch:02d}` and names of the logs, `{val_loss:.2f}`, are filled in. Ends in ".keras", or ".weights.h5" for weights only. */
  filepath?: string;
  verbose?: number;
  /** Only where the watched value is the best so far; default false. */
  saveBestOnly?: boolean;
  /** Default false: the whole model. */
  saveWeightsOnly?: boolean;
  /** "epoch" (default), or so many batches. */
  saveFreq?: SaveFrequency;
  /** A value that must be beaten by the first file. */
  initialValueThreshold?: number | null;
}

/** Example: `callbacks: [keras.callbacks.ModelCheckpoint("best.keras", { saveBestOnly: true, monitor: "val_accuracy" })]`. */
export class ModelCheckpoint extends MonitorCallback {
  private readonly options: Required<Omit<ModelCheckpointOptions, "minDelta">>;
  private readonly counter: BatchCounter;
  private epoch = 0;

  constructor(...args: (string | Options<ModelCheckpointOptions>)[]) {
    const defaults = {
      filepath: undefined as string | undefined,
      monitor: "val_loss",
      verbose: 0,
      saveBestOnly: false,
      saveWeightsOnly: false,
      mode: "auto" as Mode,
      saveFreq: "epoch" as SaveFrequency,
      initialValueThreshold: null as number | null,
    };
    const read = readOptions(args, defaults, {
      owner: "ModelCheckpoint",
      positional: ["filepath", "monitor", "verbose"],
    });
    super({ ...read, minDelta: 0 }, read.initialValueThreshold);
    this.options = { ...read, filepath: String(read.filepath) };
    this.counter = new BatchCounter(read.saveFreq);
    this.check();
  }

  private check(): void {
    const { filepath, saveFreq, saveWeightsOnly } = this.options;
    const fail = (text: string): never => {
      throw new ModelError(text);
    };
    if (saveFreq !== "epoch" && !(Number.isInteger(saveFreq) && saveFreq > 0))
      fail(`Unrecognized save_freq: ${saveFreq}. Expected save_freq are 'epoch' or integer values`);
    if (saveWeightsOnly && !filepath.endsWith(".weights.h5"))
      fail(
        "When using `save_weights_only=True` in `ModelCheckpoint`, the filepath provided must end in `.weights.h5` " +
          `(Keras weights format). Received: filepath=${filepath}`,
      );
    if (!saveWeightsOnly && !/\.(keras|h5)$/.test(filepath))
      fail(
        `The filepath provided must end in \`.keras\` (Keras model format). Received: filepath=${filepath}`,
      );
  }

  override onEpochBegin(epoch: number): void {
    this.epoch = epoch;
  }
  override async onTrainBatchEnd(batch: number, logs: Logs): Promise<void> {
    if (this.counter.isTime(batch)) await this.save(this.epoch, batch, logs);
  }
  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    this.decide();
    if (this.options.saveFreq === "epoch") await this.save(epoch, undefined, logs);
  }

  private async save(epoch: number, batch: number | undefined, logs: Logs): Promise<void> {
    const { filepath: template, saveWeightsOnly, verbose } = this.options;
    const numbers = { epoch: epoch + 1, ...(batch === undefined ? {} : { batch: batch + 1 }), ...logs };
    const path = formatTemplate(
      template,
      numbers,
      (name) => new ModelError(`Failed to format this callback filepath: "${template}". Reason: '${name}'`),
    );
    if (!this.isWanted(epoch, logs, path)) return;
    await makeFolder(folderOf(path));
    await (saveWeightsOnly ? this.model.saveWeights(path) : this.model.save(path));
    if (verbose > 0) this.print(`\nEpoch ${epoch + 1}: finished saving model to ${path}`);
  }

  private isWanted(epoch: number, logs: Logs, path: string): boolean {
    const { saveBestOnly, monitor, verbose } = this.options;
    const say = (text: string): void => {
      if (verbose > 0) this.print(`\nEpoch ${epoch + 1}: ${text}`);
    };
    if (!saveBestOnly) {
      say(`saving model to ${path}`);
      return true;
    }
    const value = logs[monitor];
    if (value === undefined) {
      warn(`Can save best model only with ${monitor} available.`);
      return true;
    }
    const before = this.best === null ? "None" : this.best.toFixed(5);
    if (!this.isImprovement(value, this.best)) {
      say(`${monitor} did not improve from ${before}`);
      return false;
    }
    say(`${monitor} improved from ${before} to ${value.toFixed(5)}, saving model to ${path}`);
    this.best = value;
    return true;
  }
}

export interface BackupOptions {
  backupDir?: string;
  /** "epoch" (default), or so many batches. */
  saveFreq?: SaveFrequency;
  /** Keeps the backup before the last one too; default false. */
  doubleCheckpoint?: boolean;
  /** Removes the backup when training ends; default true. */
  deleteCheckpoint?: boolean;
}

/** Writes weights, optimizer and the number of the epoch while training; a `fit` that finds them goes on from there. */
export class BackupAndRestore extends Callback {
  private readonly options: Required<BackupOptions>;
  private readonly counter: BatchCounter;
  private epoch = 0;
  private batch = 0;

  constructor(...args: (string | Options<BackupOptions>)[]) {
    super();
    const defaults = {
      backupDir: undefined as string | undefined,
      saveFreq: "epoch" as SaveFrequency,
      doubleCheckpoint: false,
      deleteCheckpoint: true,
    };
    const read = readOptions(args, defaults, { owner: "BackupAndRestore", positional: ["backupDir"] });
    if (!read.backupDir) throw new ModelError("Empty `backup_dir` argument passed");
    if (read.saveFreq !== "epoch" && !Number.isInteger(read.saveFreq))
      throw new ModelError(
        `Invalid value for argument \`save_freq\`. Received: save_freq=${read.saveFreq}. ` +
          "Expected either 'epoch' or an integer value.",
      );
    this.options = { ...read, backupDir: read.backupDir };
    this.counter = new BatchCounter(read.saveFreq);
  }

  private get files(): { readonly weights: string; readonly metadata: string } {
    const { backupDir } = this.options;
    return { weights: `${backupDir}/latest.weights.h5`, metadata: `${backupDir}/training_metadata.json` };
  }

  override async onTrainBegin(): Promise<void> {
    const { weights, metadata } = this.files;
    try {
      await this.restore(weights, metadata);
    } catch (error) {
      // An interruption while the backup was written: the one before is whole.
      if (!(await fileExists(`${weights}.bkp`))) throw error;
      await this.restore(`${weights}.bkp`, `${metadata}.bkp`);
    }
  }

  private async restore(weights: string, metadata: string): Promise<void> {
    const { model } = this;
    if (!model.built)
      throw new ModelError(
        "To use the BackupAndRestore callback, you model must be built before you call `fit()`. " +
          `Model ${model.name} is unbuilt. You can build it beforehand by calling it on a batch of data.`,
      );
    if (await fileExists(weights)) {
      model.optimizer?.build(model.trainableWeights);
      await model.loadWeights(
        weights.replace(/\.bkp$/, "") === weights ? weights : await this.unpacked(weights),
      );
    }
    if (!(await fileExists(metadata))) return;
    const { epoch } = JSON.parse(new TextDecoder().decode(await readFile(metadata))) as { epoch: number };
    model.initialEpoch = epoch;
  }

  /** A backup of a backup under a name that says what it is. */
  private async unpacked(path: string): Promise<string> {
    const { weights } = this.files;
    await writeFile(weights, await readFile(path));
    return weights;
  }

  override async onEpochEnd(epoch: number): Promise<void> {
    this.epoch = epoch + 1;
    this.batch = 0;
    if (this.options.saveFreq === "epoch") await this.save();
  }
  override async onTrainBatchEnd(batch: number): Promise<void> {
    this.batch = batch;
    if (this.counter.isTime(batch)) await this.save();
  }

  private async save(): Promise<void> {
    const { backupDir, doubleCheckpoint } = this.options;
    const { weights, metadata } = this.files;
    await makeFolder(backupDir);
    if (doubleCheckpoint)
      for (const path of [weights, metadata])
        if (await fileExists(path)) await writeFile(`${path}.bkp`, await readFile(path));
    await this.model.saveWeights(weights);
    const text = JSON.stringify({ epoch: this.epoch, batch: this.batch });
    await writeFile(metadata, new TextEncoder().encode(text));
  }

  override async onTrainEnd(): Promise<void> {
    if (this.options.deleteCheckpoint) await removePath(this.options.backupDir);
  }
}
