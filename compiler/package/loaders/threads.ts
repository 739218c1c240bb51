/** `threads.js` of a wasm artifact: what its further threads run. */
import { runThread } from "../../../runtime/thread-worker.ts";

void runThread();
