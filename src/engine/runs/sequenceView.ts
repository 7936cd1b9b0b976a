import { join } from 'node:path';
import { UserError } from '../job.ts';
import { decodePicture } from '../pictures/decode.ts';
import { encodePicture } from '../pictures/encode.ts';
import { resizePicture } from '../pictures/resize.ts';
import { inputLayout } from '../preprocessing.ts';
import type { Frame, Sequence } from '../results.ts';
import { FramesReader, readCurves } from '../sequence/framesFile.ts';
import type { ClipCurves, ClipCurvesQuery, FramePictureFile, FramePictureRequest, FramesQuery } from './queries.ts';
import { readRun } from './runFolder.ts';

interface Opened {
  folder: string;
  run: Sequence;
  frames: FramesReader;
}

/** The run on screen: the same one is asked for again and again. A finished run does not change. */
let last: { folder: string; opened: Promise<Opened> } | undefined;

async function openSequence(folder: string): Promise<Opened> {
  if (last?.folder !== folder) last = { folder, opened: open(folder) };
  try {
    return await last.opened;
  } catch (error) {
    last = undefined;
    throw error;
  }
}

async function open(folder: string): Promise<Opened> {
  const run = await readRun(folder);
  if (run.kind !== 'sequence') throw new UserError(`the run in ${folder} has no video frames`);
  return { folder, run, frames: await FramesReader.open(folder, run.images.evaluated) };
}

/** What is drawn of a clip over time. Throws a `UserError` that names the run where it has none. */
export async function clipCurves({ run: folder, clip }: ClipCurvesQuery): Promise<ClipCurves> {
  const { run, frames } = await openSequence(folder);
  const found = run.clips[clip];
  if (!found) throw new UserError(`the run in ${folder} has no clip ${clip}`);
  const curves = await readCurves(folder, run.clips, clip);
  return {
    // Four digits are more than a screen shows.
    probabilities: curves.map((curve) => Array.from(curve, (value) => Math.round(value * 1e4) / 1e4)),
    flips: frames.flips.map((frame) => frame - found.start).filter((frame) => frame >= 0 && frame < found.frames),
  };
}

/** Frames by their numbers. */
export async function framesPage({ run, start, end }: FramesQuery): Promise<Frame[]> {
  return (await openSequence(run)).frames.read(start, end);
}

/** The picture of a frame as the model saw it. Throws a `UserError` that names the picture where it is gone. */
export async function framePicture({ run: folder, frame, size }: FramePictureRequest): Promise<FramePictureFile> {
  const { run, frames } = await openSequence(folder);
  const [found] = await frames.read(frame, frame + 1);
  if (!found) throw new UserError(`the run in ${folder} has no frame ${frame}`);
  const { preprocessing, images } = run.method;
  const input = inputLayout({ name: 'input', shape: run.model.inputShape });
  const seen = resizePicture(await decodePicture(join(images, found.image)), input, preprocessing.resize, preprocessing.interpolation);
  const scale = size / Math.max(seen.width, seen.height);
  const shown = { width: Math.max(1, Math.round(seen.width * scale)), height: Math.max(1, Math.round(seen.height * scale)) };
  // Enlarged without smoothing: the pixels are the subject.
  return { picture: await encodePicture(resizePicture(seen, shown, 'stretch', scale > 1 ? 'nearest' : 'bilinear'), 'webp'), ...shown };
}
