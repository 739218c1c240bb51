/**
 * The base of lookups: tokens to their index in a vocabulary. Index 0 may be the mask, then come indices for tokens out of the vocabulary, then the
 * vocabulary. `adapt` learns the vocabulary: the most frequent tokens of the data.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { cast, elementwise, type Tensor } from "../../../tensor.ts";
import type { JsonObject } from "../../options.ts";
import type { KerasShape } from "../../shapes.ts";
import { ConfiguredLayer, optional, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { requireOneOf } from "../require.ts";
import { type AdaptData, batchesOf } from "./adapt.ts";
import { refuseSparse } from "./discretization.ts";
import { encodeCategories, encodedShape, type OutputMode } from "./encode.ts";

export type LookupMode = OutputMode | "tf_idf";

export interface LookupOptions<T> extends LayerOptions {
  /** The most indices there may be; default null: any number. */
  maxTokens?: number | null;
  /** How many indices tokens out of the vocabulary get; default 1. */
  numOovIndices?: number;
  /** The token that is padding; default null: none. */
  maskToken?: T | null;
  /** Stands for tokens out of the vocabulary when inverted. */
  oovToken?: T;
  vocabulary?: readonly T[] | null;
  /** Weights of the tokens for "tf_idf". */
  idfWeights?: readonly number[] | null;
  /** Goes from indices to tokens; default false. */
  invert?: boolean;
  /** Default "int". */
  outputMode?: LookupMode | "binary" | "tf-idf";
  sparse?: boolean;
  /** Makes vectors `maxTokens` long; default false. */
  padToMaxTokens?: boolean;
}

export const lookupDefaults = {
  idfWeights: optional<readonly number[]>(),
  invert: false,
  outputMode: "int" as LookupMode | "binary" | "tf-idf",
  sparse: false,
  padToMaxTokens: false,
  oovMethod: "floormod",
  salt: optional<number | readonly number[]>(),
  vocabularySize: optional<number>(),
};

type Defaults<T> = typeof lookupDefaults & {
  readonly maxTokens: number | null;
  readonly numOovIndices: number;
  readonly maskToken: T | null;
  readonly oovToken: T;
  readonly vocabulary: readonly T[] | null;
};

export abstract class IndexLookup<T extends number | string, O extends Defaults<T>> extends ConfiguredLayer<
  O,
  unknown
> {
  /** The vocabulary without mask and unknown tokens. */
  protected tokens: readonly T[] | null = null;
  private idf: readonly number[] | null = null;

  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.built = true;
    const { vocabulary, idfWeights } = this.given;
    if (vocabulary !== null) this.setVocabulary(vocabulary as readonly T[], idfWeights);
  }

  protected get given(): Settled<Defaults<T>> {
    return this.options as Settled<Defaults<T>>;
  }

  protected override settle(options: Settled<O>): Settled<O> {
    const { outputMode, sparse, invert, maxTokens, padToMaxTokens, numOovIndices } = options as Settled<
      Defaults<T>
    >;
    refuseSparse(sparse, this.where);
    const mode = outputMode === "binary" ? "multi_hot" : outputMode === "tf-idf" ? "tf_idf" : outputMode;
    requireOneOf(mode, ["int", "one_hot", "multi_hot", "count", "tf_idf"], "outputMode", this.where);
    const fail = (message: string): never => {
      throw new ModelError(message, { where: this.where });
    };
    if (maxTokens !== null && maxTokens <= 1)
      fail(`\`max_tokens\` must be more than 1. Received: max_tokens=${maxTokens}`);
    if (numOovIndices < 0)
      fail(`\`num_oov_indices\` must not be negative. Received: num_oov_indices=${numOovIndices}`);
    if (invert && mode !== "int")
      fail(`\`output_mode\` must be "int" when \`invert\` is true. Received: output_mode=${mode}`);
    if (padToMaxTokens && maxTokens === null) fail("`pad_to_max_tokens` needs `max_tokens`");
    return { ...options, outputMode: mode };
  }

  protected get mode(): LookupMode {
    return this.given.outputMode as LookupMode;
  }

  /** The first index of unknown tokens: the mask has one of its own where indices are the result. */
  protected get oovStart(): number {
    return this.given.maskToken !== null && this.mode === "int" ? 1 : 0;
  }
  protected get tokenStart(): number {
    return this.oovStart + this.given.numOovIndices;
  }

  /** How many indices there are, with those of mask and unknown tokens. */
  vocabularySize(): number {
    return this.tokenStart + (this.tokens?.length ?? 0);
  }

  /** All tokens by index. */
  getVocabulary(options: { includeSpecialTokens?: boolean } = {}): readonly T[] {
    const tokens = this.tokens ?? [];
    const { maskToken, oovToken, numOovIndices } = this.given;
    if (options.includeSpecialTokens === false) return tokens;
    const mask = this.oovStart === 1 && maskToken !== null ? [maskToken as T] : [];
    return [...mask, ...new Array<T>(numOovIndices).fill(oovToken as T), ...tokens];
  }

  /** Replaces the vocabulary; mask and unknown tokens may stand in front. Throws ModelError for repeated tokens. */
  setVocabulary(vocabulary: readonly T[], idfWeights: readonly number[] | null = null): void {
    const { maskToken, oovToken, numOovIndices, maxTokens } = this.given;
    const special = [
      ...new Array<unknown>(this.oovStart).fill(maskToken),
      ...new Array<unknown>(numOovIndices).fill(oovToken),
    ];
    const hasSpecial = special.length > 0 && special.every((token, i) => token === vocabulary[i]);
    const tokens = hasSpecial ? vocabulary.slice(special.length) : vocabulary;
    const fail = (message: string): never => {
      throw new ModelError(message, { where: this.where });
    };
    if (vocabulary.length === 0) fail("the vocabulary must not be empty. Received: vocabulary=[]");
    if (new Set(tokens).size < tokens.length) fail("the vocabulary holds a token more than once");
    if (maskToken !== null && tokens.includes(maskToken as T))
      fail(`the mask token must stand in front. Received: mask_token=${maskToken}`);
    if (maxTokens !== null && tokens.length + this.tokenStart > maxTokens)
      fail(
        `the vocabulary is larger than \`max_tokens\`. Received: ${tokens.length + this.tokenStart} tokens, max_tokens=${maxTokens}`,
      );
    if (this.mode === "tf_idf" && idfWeights === null)
      fail('`idf_weights` must be given for output_mode="tf_idf"');
    this.tokens = tokens;
    this.idf = idfWeights === null ? null : this.padWeights(idfWeights, hasSpecial);
    this.vocabularyChanged();
  }

  /** Weights of all indices: unknown tokens get the mean. */
  private padWeights(weights: readonly number[], hasSpecial: boolean): readonly number[] {
    const mean = weights.reduce((a, b) => a + b, 0) / weights.length;
    const front = new Array<number>(hasSpecial ? 0 : this.tokenStart).fill(mean);
    return [...front, ...weights];
  }

  /** Lets subclasses make their tables anew. */
  protected abstract vocabularyChanged(): void;
  /** The tokens of a batch, sample by sample. */
  protected abstract samplesOf(batch: unknown): readonly (readonly T[])[];
  protected abstract compareTokens(a: T, b: T): number;

  /** Learns the vocabulary from data: the most frequent tokens; of equally frequent ones the later in the alphabet. */
  async adapt(data: AdaptData): Promise<void> {
    if (this.given.vocabulary !== null)
      throw new ModelError("a layer with a fixed vocabulary cannot adapt", { where: this.where });
    const [counts, documents] = [new Map<T, number>(), new Map<T, number>()];
    let samples = 0;
    for await (const batch of batchesOf(data)) {
      for (const sample of this.samplesOf(batch)) {
        samples += 1;
        for (const token of sample) counts.set(token, (counts.get(token) ?? 0) + 1);
        for (const token of new Set(sample)) documents.set(token, (documents.get(token) ?? 0) + 1);
      }
    }
    const { maskToken, oovToken, maxTokens } = this.given;
    const sorted = [...counts]
      .filter(([token]) => token !== maskToken && token !== oovToken)
      .sort(([a, x], [b, y]) => y - x || this.compareTokens(b, a))
      .map(([token]) => token);
    const tokens = maxTokens === null ? sorted : sorted.slice(0, maxTokens - this.tokenStart);
    const idf = tokens.map((token) => Math.log(1 + samples / (1 + (documents.get(token) ?? 0))));
    this.setVocabulary(tokens, this.mode === "tf_idf" ? idf : null);
  }

  private get depth(): number {
    return this.given.padToMaxTokens ? (this.given.maxTokens ?? 0) : this.vocabularySize();
  }

  /** Indices in the mode of the layer; -2 is the mask, which counts for nothing. */
  protected encode(indices: Tensor): Tensor {
    if (this.mode !== "tf_idf") return encodeCategories(indices, this.mode, this.depth, "i32");
    const counts = encodeCategories(indices, "count", this.depth, "f32");
    const weights = [...(this.idf ?? [])];
    while (weights.length < this.depth) weights.push(0);
    return elementwise("mul", [cast(counts, "f32"), weights]);
  }

  override computeOutputShape(inputShape: KerasShape): KerasShape {
    return encodedShape(inputShape, this.mode === "tf_idf" ? "count" : this.mode, this.depth);
  }

  override getConfig(): JsonObject {
    const { salt, idf_weights: idf, ...config } = super.getConfig();
    return {
      ...config,
      vocabulary: this.given.vocabulary as readonly T[] | null,
      idf_weights: idf ?? null,
      salt: salt ?? null,
      vocabulary_size: this.vocabularySize(),
    };
  }
}
