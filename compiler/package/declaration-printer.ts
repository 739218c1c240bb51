/**
 * Turns descriptions of declarations into TypeScript, with ts-morph. ts-morph takes 0.4 s to load, as long as compiling a small model,
 * so it does that in a thread of its own, from the moment a printer is made.
 */
import { Worker } from "node:worker_threads";
import type {
  FunctionDeclarationStructure,
  InterfaceDeclarationStructure,
  OptionalKind,
  TypeAliasDeclarationStructure,
} from "ts-morph";

/** A file in the order in which it is printed. */
export interface DeclarationFile {
  /** A comment at the top. */
  readonly head: string;
  readonly aliases: readonly OptionalKind<TypeAliasDeclarationStructure>[];
  readonly interfaces: readonly OptionalKind<InterfaceDeclarationStructure>[];
  readonly functions: readonly OptionalKind<FunctionDeclarationStructure>[];
}

/** What runs in the thread. It is text, because it has to run from the sources and from a bundle alike. */
const program = `
const { parentPort, workerData } = require("node:worker_threads");
const { Project, IndentationText } = require("node:module").createRequire(workerData)("ts-morph");
const manipulationSettings = { indentationText: IndentationText.TwoSpaces };
parentPort.on("message", ({ head, aliases, interfaces, functions }) => {
  const project = new Project({ useInMemoryFileSystem: true, manipulationSettings });
  const file = project.createSourceFile("model.d.ts", head);
  file.addTypeAliases(aliases);
  file.addInterfaces(interfaces);
  file.addFunctions(functions);
  parentPort.postMessage(file.getFullText());
});`;

export class DeclarationPrinter {
  readonly #worker: Worker;

  constructor() {
    // Loaders of this process, such as tsx, have no business there.
    this.#worker = new Worker(program, { eval: true, workerData: import.meta.url, execArgv: [] });
    this.#worker.unref();
  }

  /** One file at a time. Rejects with what ts-morph objects to. */
  print(file: DeclarationFile): Promise<string> {
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#worker.once("message", (text: string) => {
        this.#worker.off("error", reject);
        this.#worker.unref();
        resolve(text);
      });
      this.#worker.once("error", reject);
      this.#worker.postMessage(file);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
