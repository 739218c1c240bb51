/**
 * Affine maps as data: `(d0, d1)[s0] -> (d0 + 2 * s0, d1 floordiv 4)`.
 */

export type AffineExpr =
  | { readonly kind: "dim"; readonly position: number }
  | { readonly kind: "symbol"; readonly position: number }
  | { readonly kind: "constant"; readonly value: number }
  | {
      readonly kind: "add" | "mul" | "mod" | "floordiv" | "ceildiv";
      readonly left: AffineExpr;
      readonly right: AffineExpr;
    };

export interface AffineMap {
  readonly dims: number;
  readonly symbols: number;
  readonly results: readonly AffineExpr[];
}

/** In the order of mlir::AffineExprKind. */
const kinds = ["add", "mul", "mod", "floordiv", "ceildiv", "constant", "dim", "symbol"] as const;

/** Reads what `mw_attribute_map` writes: three numbers, then expressions in prefix notation. */
export function readAffineMap(words: Uint32Array): AffineMap {
  const signed = new Int32Array(words.buffer, words.byteOffset, words.length);
  let at = 3;
  const next = (): AffineExpr => {
    const kind = kinds[signed[at++]];
    switch (kind) {
      case "dim":
      case "symbol":
        return { kind, position: signed[at++] };
      case "constant":
        return { kind, value: signed[at++] };
      default: {
        const left = next();
        return { kind, left, right: next() };
      }
    }
  };
  const results = Array.from({ length: signed[2] }, next);
  return { dims: signed[0], symbols: signed[1], results };
}

/** The value of an expression. Divisions are as MLIR defines them: floordiv and mod round down. */
export function evaluateAffine(
  expr: AffineExpr,
  dims: readonly number[],
  symbols: readonly number[] = [],
): number {
  if (expr.kind === "constant") return expr.value;
  if (expr.kind === "dim") return dims[expr.position];
  if (expr.kind === "symbol") return symbols[expr.position];
  const left = evaluateAffine(expr.left, dims, symbols);
  const right = evaluateAffine(expr.right, dims, symbols);
  switch (expr.kind) {
    case "add":
      return left + right;
    case "mul":
      return left * right;
    case "mod":
      return left - right * Math.floor(left / right);
    case "floordiv":
      return Math.floor(left / right);
    case "ceildiv":
      return Math.ceil(left / right);
  }
}
