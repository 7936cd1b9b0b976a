import type { Device, EngineName } from '../results.ts';
import type { Engine } from './engine.ts';

/** Loads an engine when it is asked for: TensorFlow.js costs a second that nobody else should pay. */
export async function findEngine(name: EngineName, device: Device = 'cpu'): Promise<Engine> {
  if (name === 'tensorflow') return (await import('./tensorflow.ts')).tensorflow;
  const { onnxRuntime, onnxRuntimeOnGpu } = await import('./onnxRuntime.ts');
  return device === 'gpu' ? onnxRuntimeOnGpu : onnxRuntime;
}
