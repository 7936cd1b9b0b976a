/**
 * Video frames without a video: a square window that moves slowly over a photograph and zooms a little, as a camera in a
 * hand does. Neighbouring frames look the same to the eye, so a label that differs between them is the model's doing.
 */
import sharp from 'sharp';

/** Frames of each photograph, and their side in pixels, which is the input size of the patch classifier. */
export const frameCount = 40;
const frameSide = 96;
/** Sides of the window in pixels of the photograph: its mean, and how far it zooms to either side. */
const windowSide = { mean: 104, swing: 24 };

/** A slow wave between −1 and 1; `seed` decides where it starts and how long it is. */
function wave(seed, frame) {
  const start = (seed * 0.618034) % 1;
  const cycles = 0.6 + ((seed * 0.754878) % 1) * 0.7;
  return Math.sin(2 * Math.PI * (start + (cycles * frame) / frameCount));
}

/** All frames of one photograph in their order, each a sharp pipeline of 96×96 pixels. `seed` decides the camera's path. */
export async function filmPhotograph(file, seed) {
  const { width, height } = await sharp(file).metadata();
  return Array.from({ length: frameCount }, (_, frame) => {
    const side = Math.round(windowSide.mean + windowSide.swing * wave(3 * seed + 1, frame));
    // The middle of the picture, where its subject is: borders are paper and sky.
    const place = (size, axis) => Math.round((size - side) / 2 + ((size - side) / 2) * 0.6 * wave(3 * seed + axis, frame));
    return sharp(file).extract({ left: place(width, 2), top: place(height, 3), width: side, height: side }).resize(frameSide, frameSide, { kernel: 'lanczos3' });
  });
}
