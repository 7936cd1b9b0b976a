import * as tf from '@tensorflow/tfjs-core';
import { UserError, type Job } from '../../job.ts';
import { chooseBackend } from './backend.ts';
import { installTensorFlow, type InstallOptions } from './install.ts';

/**
 * Installs TensorFlow's own library into a folder and tries it in this very process, since what loads in one Node.js need not in
 * another: Electron's forbids the memory that it shares (https://github.com/electron/electron/issues/35801). Returns how reports
 * name it. Throws a `UserError` that says which step failed.
 */
export async function setUpTensorFlow(options: InstallOptions, job: Job): Promise<string> {
  const place = await installTensorFlow(options, job);
  try {
    const backend = chooseBackend({ MODEL_STABILITY_TENSORFLOW: 'native', MODEL_STABILITY_TFJS_NODE: place });
    await backend.start();
    const [sum] = await tf.add(1, 2).data();
    if (sum !== 3) throw new Error(`1 + 2 = ${String(sum)}`);
    return backend.description;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`TensorFlow was installed in ${options.folder}, but the Node.js that runs the jobs (${process.version}) cannot use it; let another run them (${reason})`, { cause: error });
  }
}
