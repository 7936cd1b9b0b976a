// First, since it decides which build of sharp the next line loads, in this thread.
import { needsWasmSharp } from './sharpForElectron.ts';
import { isMainThread } from 'node:worker_threads';
import sharp from 'sharp';

// One thread a call: pictures are small and many, so that whole calls in parallel use the processors better than parts of one.
sharp.concurrency(1);
// A picture is decoded once; kept operations would only hold memory.
sharp.cache(false);

// A file may come from anyone and is recognised by its content: what is no photograph (SVG, PDF and the like) stays closed. The
// native library has one list for the process, and everything is blocked for a moment while it is made: so the main thread
// makes it, before it starts others, in which a picture would fail in that moment. The WebAssembly build is one for each thread.
if (isMainThread || needsWasmSharp()) {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: ['Jpeg', 'Png', 'Webp', 'Tiff', 'Nsgif', 'Heif'].map((format) => `VipsForeignLoad${format}`),
  });
}

/** sharp, set for many small pictures at a time. Everything that decodes or encodes imports it from here. */
export { sharp };
