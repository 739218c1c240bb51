/**
 * Beam search for connectionist temporal classification: the most probable label sequences, of which each is the sum of all its alignments. The
 * beginnings that are kept depend on data, so this runs on elements, eagerly.
 */
import { Unsupported } from "../../../ir/errors.ts";
import { type NDArray, sizeOf } from "../../../ir/ndarray.ts";
import { type Tensor, toTensor } from "../../tensor.ts";

interface BeamOptions {
  readonly beamWidth: number;
  readonly topPaths: number;
  readonly blank: number;
}

/** The beginnings of label sequences, with the logarithm of the probability that the last frame was a label or a blank. */
interface Beam {
  readonly labels: readonly number[];
  readonly emitted: number;
  readonly blanked: number;
}

/** Logits [batch, time, classes] and lengths [batch]: labels [topPaths, batch, time] and scores [batch, topPaths]. */
export function beamSearch(scores: Tensor, lengths: Tensor, options: BeamOptions): readonly [Tensor, Tensor] {
  if (scores.engine.kind === "trace")
    throw new Unsupported("a compiled function", 'ctcDecode with strategy "beam_search"', {
      hint: "Call it eagerly, or use the greedy strategy",
    });
  const [table, counts] = [scores.arraySync(), lengths.arraySync()];
  const [batch, time, classes] = table.shape;
  const labels = new Int32Array(options.topPaths * batch * time).fill(-1);
  const values = new Float32Array(batch * options.topPaths).fill(Number.NEGATIVE_INFINITY);
  for (let sample = 0; sample < batch; sample++) {
    const frame = (t: number): readonly number[] =>
      Array.from({ length: classes }, (_, c) => Number(table.data[(sample * time + t) * classes + c]));
    best(frame, Math.min(Number(counts.data[sample]), time), options).forEach((beam, rank) => {
      labels.set(beam.labels, (rank * batch + sample) * time);
      values[sample * options.topPaths + rank] = total(beam);
    });
  }
  const array = (dtype: "i32" | "f32", shape: number[], data: NDArray["data"]): Tensor =>
    toTensor({ dtype, shape, data: data.subarray(0, sizeOf(shape)) }, scores.engine);
  return [
    array("i32", [options.topPaths, batch, time], labels),
    array("f32", [batch, options.topPaths], values),
  ];
}

/** log(exp(a) + exp(b)). */
const logAdd = (a: number, b: number): number => {
  const top = Math.max(a, b);
  return top === Number.NEGATIVE_INFINITY ? top : top + Math.log1p(Math.exp(Math.min(a, b) - top));
};
const total = ({ emitted, blanked }: Beam): number => logAdd(emitted, blanked);

/** The best `topPaths` sequences after `length` frames, best first. */
function best(frame: (t: number) => readonly number[], length: number, options: BeamOptions): Beam[] {
  let beams = firstBeams(frame(0), options);
  for (let t = 1; t < length; t++) beams = kept(extended(beams, frame(t), options.blank), options.beamWidth);
  return kept(beams, options.topPaths);
}

/** The first frame is always read, however short the sequence, as in Keras. */
function firstBeams(scores: readonly number[], { blank, beamWidth }: BeamOptions): Beam[] {
  const all = scores.map(
    (score, label): Beam =>
      label === blank
        ? { labels: [], emitted: Number.NEGATIVE_INFINITY, blanked: score }
        : { labels: [label], emitted: score, blanked: Number.NEGATIVE_INFINITY },
  );
  return kept(all, beamWidth);
}

/** All ways to go on by one frame; those with the same labels are one. */
function extended(beams: readonly Beam[], scores: readonly number[], blank: number): Beam[] {
  const found = new Map<string, Beam>();
  const join = (labels: readonly number[], emitted: number, blanked: number): void => {
    const key = labels.join(",");
    const known = found.get(key) ?? {
      labels,
      emitted: Number.NEGATIVE_INFINITY,
      blanked: Number.NEGATIVE_INFINITY,
    };
    found.set(key, {
      labels,
      emitted: logAdd(known.emitted, emitted),
      blanked: logAdd(known.blanked, blanked),
    });
  };
  const nothing = Number.NEGATIVE_INFINITY;
  for (const beam of beams) {
    scores.forEach((score, label) => {
      if (label === blank) join(beam.labels, nothing, total(beam) + score);
      else if (label === beam.labels.at(-1)) {
        join(beam.labels, beam.emitted + score, nothing);
        join([...beam.labels, label], beam.blanked + score, nothing);
      } else join([...beam.labels, label], total(beam) + score, nothing);
    });
  }
  return [...found.values()];
}

/** The most probable ones, best first. */
const kept = (beams: readonly Beam[], count: number): Beam[] =>
  [...beams].sort((a, b) => total(b) - total(a)).slice(0, count);
