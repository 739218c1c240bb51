/** Cold starts: the whole life of a process, from its start to its end after the first prediction of the MNIST network. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { benchRoot } from "./places.ts";
import { environment, pinned } from "./runner-process.ts";
import { artifactFolder } from "./runners.ts";

/** A process that does nothing. */
export const coldBaseline = "node";
export const coldPeers = [coldBaseline, "keratin", "ort-node", "ort-web", "tfjs-wasm"] as const;
export type ColdPeer = (typeof coldPeers)[number];

const STARTS_A_ROUND = 5;

/** Milliseconds of each start, sorted, by peer. */
export function measureStarts(
  peers: readonly ColdPeer[],
  rounds: number,
  tell: (text: string) => void,
): ReadonlyMap<ColdPeer, readonly number[]> {
  const times = new Map<ColdPeer, number[]>(peers.map((peer) => [peer, []]));
  const script = join(benchRoot, "peers", "cold.mjs");
  const folder = join(artifactFolder("mnist", false), "wasm");
  for (let round = 0; round < rounds * STARTS_A_ROUND; round++) {
    for (const peer of peers) {
      tell(`start ${peer}`);
      const [program, args] = pinned({ program: process.execPath, args: [script, peer, folder] }, 2);
      const start = performance.now();
      const { status, stderr } = spawnSync(program, args, { env: environment(), encoding: "utf8" });
      if (status === 0) times.get(peer)?.push(performance.now() - start);
      else tell(`${peer} failed: ${stderr.trim().split("\n").at(-1)}`);
    }
  }
  for (const list of times.values()) list.sort((a, b) => a - b);
  return times;
}
