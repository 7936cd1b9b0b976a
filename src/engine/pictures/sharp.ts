import sharp from 'sharp';

// One thread a call: pictures are small and many, so that whole calls in parallel use the processors better than parts of one.
sharp.concurrency(1);
// A picture is decoded once; kept operations would only hold memory.
sharp.cache(false);

/** sharp, set for many small pictures at a time. Everything that decodes or encodes imports it from here. */
export { sharp };
