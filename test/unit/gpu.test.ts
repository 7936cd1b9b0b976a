import assert from 'node:assert/strict';
import { join } from 'node:path';
import { findGpu } from '../../src/engine/engines/gpu.ts';
import { onnxRuntime, onnxRuntimeOnGpu } from '../../src/engine/engines/onnxRuntime.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import { exampleModels, examplePictures, quiet, readPairsOf, temporaryFolder } from './engineHarness.ts';

/** ONNX Runtime on a machine with these providers, of which only some can make a session. */
function machine(known: readonly string[] | null, working: readonly string[]): Parameters<typeof findGpu>[0] {
  return {
    InferenceSession: {
      create: ((_model: Uint8Array, options: { executionProviders: string[] }) => (working.includes(options.executionProviders[0]!)
        ? Promise.resolve({ release: () => Promise.resolve() })
        : Promise.reject(new Error(`/src/webgpu_context.cc:136 status == Success was false. No ${options.executionProviders[0]} adapter found. More.`)))) as never,
    },
    ...(known ? { listSupportedBackends: () => known.map((name) => ({ name })) } : {}),
  };
}

describe('a GPU', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();

  const cases: [known: string[] | null, working: string[], found: string | null, reason?: string][] = [
    [['cpu', 'webgpu', 'cuda'], ['webgpu', 'cuda'], 'cuda'],
    [['cpu', 'webgpu', 'cuda'], ['webgpu'], 'webgpu'],
    [['cpu', 'dml', 'webgpu'], ['dml', 'webgpu'], 'dml'],
    [['cpu', 'coreml', 'webgpu'], ['coreml', 'webgpu'], 'coreml'],
    [['cpu'], ['webgpu'], null, 'this build of ONNX Runtime knows none'],
    [['cpu', 'webgpu', 'cuda'], [], null, 'CUDA: No cuda adapter found; WebGPU: No webgpu adapter found'],
    [null, ['webgpu'], 'webgpu'],
  ];
  it('is reached by the first provider that works; where none does, the reasons are told', async () => {
    for (const [known, working, found, reason] of cases) {
      const gpu = await findGpu(machine(known, working), new Uint8Array());
      assert.equal(gpu.provider?.name ?? null, found);
      if (gpu.provider === null) assert.equal(gpu.reason, reason);
    }
  });

  it('or the processor in its place gives the same answers, and the report says which ran', async () => {
    const options = { model: exampleModels.digits, images: examplePictures('digits/test'), limit: 30, threads: 1 };
    const [cpu, gpu] = [await evaluate({ ...options, run: join(folder, 'cpu') }, quiet()), await evaluate({ ...options, run: join(folder, 'gpu'), device: 'gpu' }, quiet())];
    assert.equal(cpu.method.engine, onnxRuntime.description);
    assert.equal(gpu.method.engine, onnxRuntimeOnGpu.description);
    assert.match(gpu.method.engine, /^ONNX Runtime \d+\.\d+\.\d+, (CUDA|DirectML|CoreML|WebGPU|CPU \(no GPU: .+\))$/);
    assert.deepEqual(readPairsOf(join(folder, 'gpu')).map(({ labelA, labelB }) => [labelA, labelB]), readPairsOf(join(folder, 'cpu')).map(({ labelA, labelB }) => [labelA, labelB]));
  });
});
