/**
 * The three kinds of failure, so that a reader of a message knows whose turn it is.
 *
 * `ModelError` is the user's: a model, a file or data that cannot be right. `Unsupported` is a target's: the program is
 * fine, the target lacks something. `CompilerBug` is ours: an invariant broke between two passes. All three say what,
 * where, expected, got, and what to do, in that order. (`facts`, not `details`: test runners take `details` for a text.)
 */
export interface ErrorDetails {
  /** The layer, file, byte offset or op at which it was seen. */
  readonly where?: string;
  readonly expected?: string;
  readonly got?: string;
  /** What would make it work. */
  readonly hint?: string;
}

/** What a file says may be as long as the file: a message quotes the beginning. */
const quoted = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most)}…` : text;

function compose(message: string, { where, expected, got, hint }: ErrorDetails): string {
  const parts = [where === undefined ? message : `${quoted(where, 400)}: ${message}`];
  if (expected !== undefined) parts.push(`expected ${quoted(expected, 1000)}`);
  if (got !== undefined) parts.push(`got ${quoted(got, 400)}`);
  return parts.join("; ") + (hint === undefined ? "" : `. ${hint}`);
}

/** The user's model, file or data is wrong. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly facts: ErrorDetails;

  constructor(message: string, details: ErrorDetails = {}) {
    super(compose(message, details));
    this.facts = details;
  }
}

/** The target cannot do what the program asks; `details.hint` names what would work. */
export class Unsupported extends Error {
  override readonly name = "Unsupported";
  readonly target: string;
  readonly what: string;
  readonly facts: ErrorDetails;

  constructor(target: string, what: string, details: ErrorDetails = {}) {
    super(compose(`${target} does not support ${what}`, details));
    this.target = target;
    this.what = what;
    this.facts = details;
  }
}

/** An invariant of the compiler broke. `stage` is the pass or emitter that noticed. */
export class CompilerBug extends Error {
  override readonly name = "CompilerBug";
  readonly stage: string;
  readonly facts: ErrorDetails;

  constructor(stage: string, message: string, details: ErrorDetails = {}) {
    super(
      compose(`${stage}: ${message}`, {
        hint: "This is a bug in keratin: rerun with KERATIN_DUMP=all and send the last file written",
        ...details,
      }),
    );
    this.stage = stage;
    this.facts = details;
  }
}
