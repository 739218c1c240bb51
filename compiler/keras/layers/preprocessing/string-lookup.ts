/**
 * `StringLookup` and `TextVectorization`: texts to integers. There are no string tensors: texts are looked up on the host, also while a function is
 * traced, and what follows is part of the compiled function.
 */
import { ModelError, Unsupported } from "../../../../ir/errors.ts";
import { type Tensor, TensorMethods, toTensor } from "../../../tensor.ts";
import type { JsonObject, Options } from "../../options.ts";
import { session } from "../../session.ts";
import type { KerasShape } from "../../shapes.ts";
import { ConfiguredLayer, optional } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { type AdaptData, batchesOf } from "./adapt.ts";
import { hashBucket } from "./fingerprint.ts";
import { IndexLookup, type LookupMode, type LookupOptions, lookupDefaults } from "./index-lookup.ts";
import { flatStrings, isStrings, numbersOf, type Strings, stringsLike } from "./strings.ts";

/** Texts, where a layer takes nothing else. */
export function requireStrings(value: unknown, where: string): Strings {
  if (isStrings(value)) return value;
  if (value instanceof TensorMethods)
    throw new Unsupported(where, "string tensors", {
      hint: "Apply the layer to texts, before the model: there are no tensors of strings",
    });
  throw new ModelError("not texts", {
    where,
    expected: "a string or nested arrays of strings",
    got: JSON.stringify(value),
  });
}

const lookupOptions = {
  maxTokens: optional<number>(),
  numOovIndices: 1,
  maskToken: optional<string>(),
  oovToken: "[UNK]",
  vocabulary: optional<readonly string[]>(),
  ...lookupDefaults,
  encoding: "utf-8",
};

/** Example: `layers.StringLookup({ vocabulary: ["a", "b"] })([["b", "z"]])` is [[2, 0]]. Inverted, it takes integers and gives texts. */
export class StringLookup extends IndexLookup<string, typeof lookupOptions> {
  static readonly className = "StringLookup";
  private table: ReadonlyMap<string, number> = new Map();

  constructor(
    ...args: [
      maxTokens?: number | null | Options<LookupOptions<string>>,
      options?: Options<LookupOptions<string>>,
    ]
  ) {
    super(args, lookupOptions);
    this.vocabularyChanged();
  }

  protected override vocabularyChanged(): void {
    this.table = new Map((this.tokens ?? []).map((token, i) => [token, i + this.tokenStart]));
  }
  protected override compareTokens(a: string, b: string): number {
    return a < b ? -1 : a > b ? 1 : 0;
  }
  protected override samplesOf(batch: unknown): readonly (readonly string[])[] {
    const texts = requireStrings(batch, this.where);
    if (typeof texts === "string" || typeof texts[0] === "string") return [flatStrings(texts)];
    return texts.map(flatStrings);
  }

  /** Texts do not become tensors first. */
  override invoke([inputs]: readonly unknown[]): unknown {
    return this.call(inputs as never);
  }

  override call(inputs: unknown): unknown {
    if (this.options.invert) return this.invert(inputs);
    const texts = requireStrings(inputs, this.where);
    return this.encode(
      toTensor(
        numbersOf(texts, (text) => this.indexOf(text)),
        session.engine(),
      ),
    );
  }

  /** The index of one token; -1 for a mask that does not count. */
  indexOf(token: string): number {
    const { maskToken, numOovIndices, salt } = this.options;
    if (token === maskToken) return this.mode === "int" ? 0 : -1;
    const found = this.table.get(token);
    if (found !== undefined) return found;
    if (numOovIndices === 1) return this.oovStart;
    if (numOovIndices > 1) return this.oovStart + hashBucket(token, numOovIndices, salt);
    throw new ModelError(
      `with \`num_oov_indices=0\` all inputs must be in the vocabulary. Received: "${token}"`,
      { where: this.where },
    );
  }

  private invert(inputs: unknown): Strings {
    const tensor =
      inputs instanceof TensorMethods ? inputs.value : toTensor(inputs as number[], session.engine(), "i32");
    const all = this.getVocabulary();
    return stringsLike(tensor.arraySync(), (index) => all[index] ?? this.options.oovToken);
  }
}

/** How texts are cleaned: a name, or a function of a text. */
export type Standardize =
  | "lower_and_strip_punctuation"
  | "lower"
  | "strip_punctuation"
  | ((text: string) => string)
  | null;
/** How texts become tokens. */
export type Split = "whitespace" | "character" | ((text: string) => readonly string[]) | null;

export interface TextVectorizationOptions extends LayerOptions {
  maxTokens?: number | null;
  /** Default "lower_and_strip_punctuation". */
  standardize?: Standardize;
  /** Default "whitespace". */
  split?: Split;
  /** Tokens together with their neighbours: up to n, or of the given lengths; default null: single ones. */
  ngrams?: number | readonly number[] | null;
  /** Default "int". */
  outputMode?: LookupMode | "binary" | "tf-idf";
  /** Cuts and pads to this length; default null: as long as the longest text. */
  outputSequenceLength?: number | null;
  padToMaxTokens?: boolean;
  vocabulary?: readonly string[] | null;
  idfWeights?: readonly number[] | null;
}

const textDefaults = {
  maxTokens: optional<number>(),
  standardize: "lower_and_strip_punctuation" as Standardize,
  split: "whitespace" as Split,
  ngrams: optional<number | readonly number[]>(),
  outputMode: "int" as LookupMode | "binary" | "tf-idf",
  outputSequenceLength: optional<number>(),
  padToMaxTokens: false,
  vocabulary: optional<readonly string[]>(),
  idfWeights: optional<readonly number[]>(),
  sparse: false,
  ragged: false,
  encoding: "utf-8",
  vocabularySize: optional<number>(),
};

/**
 * Texts to rows of token indices: cleaned, split, joined to n-grams, looked up. Index 0 is padding, 1 is an unknown token.
 *
 * Example: `const vectorize = layers.TextVectorization(); await vectorize.adapt(texts); vectorize(["The fox."])`.
 */
export class TextVectorization extends ConfiguredLayer<typeof textDefaults, unknown> {
  static readonly className = "TextVectorization";
  private readonly lookup: StringLookup;

  constructor(
    ...args: [
      maxTokens?: number | null | Options<TextVectorizationOptions>,
      options?: Options<TextVectorizationOptions>,
    ]
  ) {
    super(args, textDefaults);
    const { maxTokens, vocabulary, idfWeights, padToMaxTokens, outputMode, ragged } = this.options;
    if (ragged) throw new Unsupported(this.where, "ragged tensors", { hint: "Rows are padded with 0" });
    this.lookup = new StringLookup({
      maxTokens,
      vocabulary,
      idfWeights,
      padToMaxTokens,
      maskToken: "",
      outputMode,
    });
    this.built = true;
  }

  override invoke([inputs]: readonly unknown[]): unknown {
    return this.call(inputs as never);
  }

  override call(inputs: unknown): Tensor {
    const texts = flatStrings(requireStrings(inputs, this.where));
    const rows = texts.map((text) => this.tokensOf(text));
    const { outputSequenceLength, outputMode } = this.options;
    const length = outputSequenceLength ?? Math.max(...rows.map((row) => row.length));
    // The mask token pads: it is 0 as an index, and counts for nothing otherwise.
    const padded = rows.map((row) => Array.from({ length }, (_, i) => row[i] ?? ""));
    return (
      outputMode === "int" || length > 0 ? this.lookup.call(padded) : this.lookup.call([[""]])
    ) as Tensor;
  }

  private tokensOf(text: string): readonly string[] {
    const { standardize, split, ngrams } = this.options;
    const clean = typeof standardize === "function" ? standardize(text) : standardized(text, standardize);
    const tokens = typeof split === "function" ? split(clean) : splitText(clean, split);
    if (ngrams === null) return tokens;
    const lengths = typeof ngrams === "number" ? Array.from({ length: ngrams }, (_, i) => i + 1) : ngrams;
    return lengths.flatMap((n) =>
      Array.from({ length: Math.max(tokens.length - n + 1, 0) }, (_, i) => tokens.slice(i, i + n).join(" ")),
    );
  }

  /** Learns the vocabulary from texts. */
  async adapt(data: AdaptData): Promise<void> {
    const rows: string[][] = [];
    for await (const batch of batchesOf(data))
      for (const text of flatStrings(requireStrings(batch, this.where))) rows.push([...this.tokensOf(text)]);
    await this.lookup.adapt(rows.map((row) => [row]));
  }

  getVocabulary(options: { includeSpecialTokens?: boolean } = {}): readonly string[] {
    return this.lookup.getVocabulary(options);
  }
  setVocabulary(vocabulary: readonly string[], idfWeights: readonly number[] | null = null): void {
    this.lookup.setVocabulary(vocabulary, idfWeights);
  }
  vocabularySize(): number {
    return this.lookup.vocabularySize();
  }

  override computeOutputShape(inputShape: KerasShape): KerasShape {
    const { outputMode, outputSequenceLength } = this.options;
    if (outputMode === "int") return [inputShape[0], outputSequenceLength];
    return this.lookup.computeOutputShape([inputShape[0], null]);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), vocabulary_size: this.vocabularySize() };
  }
}

function standardized(text: string, how: Exclude<Standardize, (text: string) => string>): string {
  const lower = how === "lower" || how === "lower_and_strip_punctuation" ? text.toLowerCase() : text;
  const strips = how === "strip_punctuation" || how === "lower_and_strip_punctuation";
  return strips ? lower.replace(/[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g, "") : lower;
}

function splitText(
  text: string,
  how: Exclude<Split, (text: string) => readonly string[]>,
): readonly string[] {
  if (how === "whitespace") return text.split(/\s+/).filter((token) => token !== "");
  return how === "character" ? [...text] : [text];
}
