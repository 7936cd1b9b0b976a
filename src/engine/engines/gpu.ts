import type * as OnnxRuntime from 'onnxruntime-node';

/** ONNX Runtime's ways to a GPU, the one that is usually fastest first, as a report names them. */
export const gpuProviders = [
  { name: 'cuda', title: 'CUDA' },
  { name: 'dml', title: 'DirectML' },
  { name: 'coreml', title: 'CoreML' },
  { name: 'webgpu', title: 'WebGPU' },
] as const;

/** The provider that works here, or why none does. */
export type Gpu = { provider: (typeof gpuProviders)[number] } | { provider: null; reason: string };

/** What is asked of ONNX Runtime. WebAssembly has no list of what it supports. */
interface Runtime {
  InferenceSession: Pick<typeof OnnxRuntime.InferenceSession, 'create'>;
  listSupportedBackends?: () => { name: string }[];
}

/** Finds a provider by running `probe`, a small model, on each that this build knows; a driver that is missing shows only then. */
export async function findGpu(runtime: Runtime, probe: Uint8Array): Promise<Gpu> {
  const known = new Set(runtime.listSupportedBackends?.().map(({ name }) => name) ?? ['webgpu']);
  const reasons: string[] = [];
  for (const provider of gpuProviders) {
    if (!known.has(provider.name)) continue;
    try {
      const session = await runtime.InferenceSession.create(probe, { executionProviders: [provider.name], logSeverityLevel: 4 });
      await session.release();
      return { provider };
    } catch (error) {
      reasons.push(`${provider.title}: ${firstSentence(error)}`);
    }
  }
  return { provider: null, reason: reasons.length === 0 ? 'this build of ONNX Runtime knows none' : reasons.join('; ') };
}

/** What went wrong, without the places in ONNX Runtime's sources. */
function firstSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split(' was false. ').at(-1) ?? message).split(/[.\n]/)[0]!.trim();
}
