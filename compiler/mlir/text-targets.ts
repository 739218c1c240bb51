/**
 * The dialects that a model can be written in: linalg on tensors and what goes with it; TOSA before its version 1.0, as MLIR 19 has it;
 * StableHLO in generic form.
 */
export const textTargets = ["mlir", "tosa", "stablehlo"] as const;
export type TextTarget = (typeof textTargets)[number];
