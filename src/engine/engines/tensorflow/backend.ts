import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../../job.ts';
import { registerMissingKernels, transposeBeforeProducts } from './wasmKernels.ts';

/** What computes: TensorFlow's C library through `@tensorflow/tfjs-node`, WebAssembly, or plain JavaScript. */
export type BackendName = 'native' | 'wasm' | 'cpu';

/** A backend that this installation has. */
export interface Backend {
  name: BackendName;
  /** How a report names it: "TensorFlow.js 4.22.0, wasm". */
  description: string;
  /** Makes it the one that TensorFlow.js uses, in the whole process. */
  start(): Promise<void>;
}

/**
 * Environment variables that choose: MODEL_STABILITY_TENSORFLOW is `native`, `wasm` or `cpu`;
 * MODEL_STABILITY_TFJS_NODE is the folder of a `@tensorflow/tfjs-node` package that lies elsewhere.
 */
export type BackendEnvironment = Partial<Record<'MODEL_STABILITY_TENSORFLOW' | 'MODEL_STABILITY_TFJS_NODE', string>>;

// In the bundle this is the bundle's own path, from where node_modules is found in the same way.
const require = createRequire(__filename);

/** TensorFlow.js's own names of the backends. */
const registeredName: Record<BackendName, string> = { native: 'tensorflow', wasm: 'wasm', cpu: 'cpu' };

/**
 * The backend that the environment asks for, or the fastest that is installed: native, then wasm, then cpu.
 * Throws a `UserError` where the one asked for is unknown or not available.
 */
export function chooseBackend(environment: BackendEnvironment = process.env): Backend {
  const wanted = environment.MODEL_STABILITY_TENSORFLOW ?? '';
  switch (wanted) {
    case 'native': return nativeBackend(environment);
    case 'wasm': return wasmBackend();
    case 'cpu': return cpuBackend();
    case '': break;
    default: throw new UserError(`unknown TensorFlow.js backend: ${wanted} (MODEL_STABILITY_TENSORFLOW takes native, wasm or cpu)`);
  }
  for (const backend of [() => nativeBackend(environment), wasmBackend]) {
    try {
      return backend();
    } catch (error) {
      // What is not installed is left out; the report names the backend that was used instead.
      if (!(error instanceof UserError)) throw error;
    }
  }
  return cpuBackend();
}

let current: Promise<Backend> | undefined;

/** Starts the chosen backend once in this process. */
export function startBackend(): Promise<Backend> {
  current ??= (async () => {
    const backend = chooseBackend();
    await backend.start();
    return backend;
  })();
  return current;
}

function nativeBackend(environment: BackendEnvironment): Backend {
  const place = environment.MODEL_STABILITY_TFJS_NODE;
  restoreUtil();
  // TensorFlow tells about processor instructions on stderr unless asked not to; it reads this when it is loaded.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  try {
    require(place === undefined ? '@tensorflow/tfjs-node' : path.resolve(place));
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND';
    throw new UserError(`TensorFlow.js backend not available: native (${place ?? '@tensorflow/tfjs-node'} ${missing ? 'is not installed' : 'cannot be loaded'})`, { cause: error });
  }
  const native = tf.findBackend(registeredName.native) as { binding?: { TF_Version?: string } } | null;
  const library = native?.binding?.TF_Version;
  return describe('native', library === undefined ? '' : ` (TensorFlow ${library})`, () => Promise.resolve());
}

function wasmBackend(): Backend {
  const folder = path.dirname(resolve('wasm', '@tensorflow/tfjs-backend-wasm'));
  return describe('wasm', '', async () => {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(`${folder}${path.sep}`);
    registerMissingKernels();
    transposeBeforeProducts();
  });
}

function cpuBackend(): Backend {
  resolve('cpu', '@tensorflow/tfjs-backend-cpu');
  return describe('cpu', '', async () => {
    await import('@tensorflow/tfjs-backend-cpu');
  });
}

function resolve(name: BackendName, packageName: string): string {
  try {
    return require.resolve(packageName);
  } catch (error) {
    throw new UserError(`TensorFlow.js backend not available: ${name} (${packageName} is not installed)`, { cause: error });
  }
}

function describe(name: BackendName, details: string, prepare: () => Promise<void>): Backend {
  return {
    name,
    description: `TensorFlow.js ${tf.version_core}, ${name}${details}`,
    async start() {
      // Without this the slower backends advertise the native one on stderr.
      tf.env().set('PROD', true);
      await prepare();
      // In Node.js, TensorFlow.js's core comes without the gradients of its operations; its layers package brings them along.
      if (!(tf.getGradient('BatchMatMul') as object | undefined)) await import('@tensorflow/tfjs-layers');
      if (!(await tf.setBackend(registeredName[name]))) throw new UserError(`TensorFlow.js backend not available: ${name} (it could not be started)`);
      await tf.ready();
    },
  };
}

/**
 * tfjs-node 4.22 calls functions of `util` that Node 23 removed; giving them back lets it run
 * (https://github.com/tensorflow/tfjs/issues/8609).
 */
function restoreUtil(): void {
  const removed: Record<string, (value: unknown) => boolean> = {
    isNullOrUndefined: (value) => value === null || value === undefined,
    isArray: (value) => Array.isArray(value),
    isString: (value) => typeof value === 'string',
    isBoolean: (value) => typeof value === 'boolean',
    isNumber: (value) => typeof value === 'number',
  };
  const target = util as unknown as Record<string, unknown>;
  for (const [name, test] of Object.entries(removed)) target[name] ??= test;
}
