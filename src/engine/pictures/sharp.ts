// First, since it decides which build of sharp the next line loads, in this thread.
import './sharpForElectron.ts';
import sharp from 'sharp';

// One thread a call: pictures are small and many, so that whole calls in parallel use the processors better than parts of one.
sharp.concurrency(1);
// A picture is decoded once; kept operations would only hold memory.
sharp.cache(false);

// A file may come from anyone and is recognised by its content: what is no photograph (SVG, PDF and the like) stays closed.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Tiff', 'Nsgif', 'Heif'].map((format) => `VipsForeignLoad${format}`),
});

/** sharp, set for many small pictures at a time. Everything that decodes or encodes imports it from here. */
export { sharp };
