/**
 * A program taken apart for measurement: each step outside of and inside counted loops is exported as a function "program/3", so that a
 * driver can run them one by one and take the time of each. The parameters are those of the program, then two for each loop around the
 * step, outermost first: base and size of the chunk, or zero and the number of the iteration. What data decides (`while`, `if`) is one
 * step. Running all steps in order, loops included, is running the program.
 */
import { type Dim, printDim } from "../../ir/dim.ts";
import type { Step } from "../../ir/program.ts";
import type { FunctionCode } from "./binary.ts";
import { type Context, type Enclosing, parameterCount, StepEmitter } from "./steps.ts";

export type ProfileStep =
  | {
      readonly kind: "step";
      /** The exported function. */
      readonly name: string;
      /** The kernel's name, or "clear x", "copy x". */
      readonly label: string;
    }
  | {
      readonly kind: "chunks";
      readonly total: Dim;
      readonly size: number;
      readonly body: readonly ProfileStep[];
    }
  | {
      readonly kind: "for";
      readonly extent: Dim;
      readonly reverse: boolean;
      readonly body: readonly ProfileStep[];
    };

interface Profiled {
  readonly functions: readonly FunctionCode[];
  readonly steps: readonly ProfileStep[];
}

export function profileProgram(context: Context): Profiled {
  const functions: FunctionCode[] = [];
  const visit = (steps: readonly Step[], enclosing: readonly Enclosing[]): ProfileStep[] =>
    steps.map((step) => {
      if (step.kind === "chunks") {
        const { total, size } = step;
        return { kind: "chunks", total, size, body: visit(step.body, [...enclosing, step]) };
      }
      if (step.kind === "for") {
        const { extent, reverse } = step;
        return { kind: "for", extent, reverse, body: visit(step.body, [...enclosing, step]) };
      }
      const name = `${context.program.name}/${functions.length}`;
      const emitter = new StepEmitter(context, enclosing);
      emitter.emit([step]);
      const params = parameterCount(context.program) + 2 * enclosing.length;
      functions.push({ name, params, body: emitter.code.finish() });
      return { kind: "step", name, label: labelOf(step) };
    });
  return { steps: visit(context.program.steps, []), functions };
}

function labelOf(step: Step): string {
  switch (step.kind) {
    case "launch":
      return step.kernel.name;
    case "clear":
      return `clear ${step.slot.name}`;
    case "copy":
      return `copy ${printDim(step.size)} to ${step.to.slot.name}`;
    case "while":
    case "if":
      return `${step.kind} ${step.cond.name}`;
    default:
      return step.kind;
  }
}
