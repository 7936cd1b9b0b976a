/** Entry of the thread that decodes and distorts, so that the model's thread never waits for a picture. */
import { parentPort, workerData } from 'node:worker_threads';
import { preparePicture, type PictureSource, type PrepareSettings } from './prepare.ts';

const port = parentPort;
if (!port) throw new Error('pictureThread runs as a worker thread');
const settings = workerData as PrepareSettings;

port.on('message', ({ id, source }: { id: number; source: PictureSource }) => {
  preparePicture(source, settings).then(
    (prepared) => port.postMessage({ id, prepared }, prepared.ok ? [prepared.tensor.buffer as ArrayBuffer] : []),
    (error: unknown) => port.postMessage({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
