// The page: whatever is written is parsed, verified and put through the passes as it is typed; complaints lead to their lines.
import { type Diagnostic, loadMlir, MlirError } from "mlir-js";

const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const source = find<HTMLTextAreaElement>("source");
const pipeline = find<HTMLInputElement>("pipeline");
const result = find<HTMLOutputElement>("result");
const diagnostics = find("diagnostics");

const mlir = await loadMlir({ variant: "core", wasm: new URL("core.wasm", document.baseURI) });
find("passes").replaceChildren(...mlir.passes.map(({ name }) => new Option(`builtin.module(${name})`)));

/** Selects the line that a diagnostic is about. */
function goTo({ line = 1, column = 1 }: Diagnostic): void {
  const start = source.value
    .split("\n")
    .slice(0, line - 1)
    .reduce((sum, text) => sum + text.length + 1, 0);
  source.focus();
  source.setSelectionRange(start + column - 1, start + (source.value.split("\n")[line - 1]?.length ?? 0));
}

function show(found: readonly Diagnostic[]): void {
  const items = found.map((diagnostic) => {
    const { line, column, severity, message } = diagnostic;
    const item = document.createElement("button");
    item.textContent = `${line === undefined ? "" : `${line}:${column} `}${severity}: ${message}`;
    item.addEventListener("click", () => goTo(diagnostic));
    return item;
  });
  diagnostics.replaceChildren(...items);
}

function run(): void {
  const context = mlir.createContext();
  try {
    const module = context.parse(source.value);
    if (pipeline.value.trim() !== "") show(module.run(pipeline.value));
    else show([]);
    result.value = module.print();
  } catch (error) {
    if (!(error instanceof MlirError)) throw error;
    result.value = "";
    const plain: Diagnostic = { severity: "error", message: error.message, location: "", notes: [] };
    show(error.diagnostics.length > 0 ? error.diagnostics : [plain]);
  } finally {
    context.dispose();
  }
}

for (const field of [source, pipeline]) field.addEventListener("input", run);
run();
