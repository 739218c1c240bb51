/** Where the npm packages of the peers are: `setup.ts` installs them outside of the main package, and main.ts names the folder. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const root = process.env.KERATIN_PEERS;
export const requirePeer = createRequire(join(root, "js", "package.json"));
export const importPeer = (name) => import(pathToFileURL(requirePeer.resolve(name)).href);
export const importFile = (path) => import(pathToFileURL(join(root, "js", "node_modules", path)).href);
export const folderOf = (name) => `${dirname(requirePeer.resolve(name))}/`;
export const onnxFile = (net, batch) =>
  join(root, "models", `${net === "mnist" ? `mnist-b${batch}` : net}.onnx`);
