/** A runner for each target. */
import type { TargetName } from "../../../targets/target.ts";
import type { Artifact } from "../open-artifact.ts";
import { startNative } from "./native.ts";
import type { Runner, StartRunner } from "./runner.ts";
import { startScript } from "./script.ts";
import { openDevice } from "./webgpu-device.ts";

const starters: { readonly [T in TargetName]: StartRunner } = {
  wasm: (artifact) => startScript(artifact),
  wgsl: startOnDevice,
  cpp: (artifact) => startNative("cpp", artifact),
  cuda: (artifact) => startNative("cuda", artifact),
};

/** Makes an instance of an artifact. Throws Unsupported where this machine lacks what its target needs. */
export const startRunner: StartRunner = (artifact) => starters[artifact.manifest.target](artifact);

async function startOnDevice(artifact: Artifact): Promise<Runner> {
  const { device, close } = await openDevice();
  try {
    const runner = await startScript(artifact, device);
    return {
      ...runner,
      async close() {
        await runner.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}
