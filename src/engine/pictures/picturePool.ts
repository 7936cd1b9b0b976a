import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PictureSource, Prepared, PrepareSettings } from './prepare.ts';

/** Pictures that may be in work or waiting at once: enough to keep the model busy, few enough to keep memory flat. */
const lookAhead = 6;

interface Reply {
  id: number;
  prepared?: Prepared;
  error?: string;
}

/**
 * Prepares pictures in a thread of its own, a few ahead of whoever reads them, and gives them in their order. Memory does not
 * grow with their number. The thread ends when the last one was read, or when the reader stops early.
 */
export async function* preparePictures<Source extends PictureSource>(sources: Iterable<Source>, settings: PrepareSettings): AsyncGenerator<{ source: Source; prepared: Prepared }> {
  const thread = startThread(settings);
  const waiting = new Map<number, { resolve: (prepared: Prepared) => void; reject: (error: Error) => void }>();
  const fail = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  thread.on('message', (reply: Reply) => {
    const waiter = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.prepared) waiter?.resolve(reply.prepared);
    else waiter?.reject(new Error(reply.error));
  });
  thread.on('error', fail);
  thread.on('exit', (code) => fail(new Error(`the picture thread ended with ${code}`)));
  const queue: { source: Source; prepared: Promise<Prepared> }[] = [];
  let next = 0;
  const send = (source: Source): void => {
    const id = next++;
    const prepared = new Promise<Prepared>((resolve, reject) => waiting.set(id, { resolve, reject }));
    // Whoever reads it sees the failure; until then it is not an unhandled one.
    prepared.catch(() => undefined);
    queue.push({ source, prepared });
    thread.postMessage({ id, source: { path: source.path, absolute: source.absolute } });
  };
  try {
    for (const source of sources) {
      send(source);
      if (queue.length >= lookAhead) yield await take(queue);
    }
    while (queue.length > 0) yield await take(queue);
  } finally {
    await thread.terminate();
  }
}

async function take<Source>(queue: { source: Source; prepared: Promise<Prepared> }[]): Promise<{ source: Source; prepared: Prepared }> {
  const { source, prepared } = queue.shift()!;
  return { source, prepared: await prepared };
}

/** The bundle lies beside the caller's bundle; run from source, a line of script loads the TypeScript file. */
function startThread(settings: PrepareSettings): Worker {
  if (!__filename.endsWith('.ts')) return new Worker(join(__dirname, 'pictureThread.js'), { workerData: settings, execArgv: [] });
  const script = `require('tsx/cjs/api').register(); require(${JSON.stringify(join(__dirname, 'pictureThread.ts'))});`;
  return new Worker(script, { eval: true, workerData: settings, execArgv: [] });
}
