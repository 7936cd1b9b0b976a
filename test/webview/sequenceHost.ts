/** A host with a run of video frames: the engine's own, on the example frames, so that the view is seen with real answers. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Sequence } from '../../src/engine/results.ts';
import type { ClipCurvesQuery, FramePictureRequest, FramesQuery } from '../../src/engine/runs/queries.ts';
import { clipCurves, framePicture, framesPage } from '../../src/engine/runs/sequenceView.ts';
import { sequence } from '../../src/engine/sequence.ts';
import type { PanelState, WebviewReply, WebviewRequest } from '../../src/protocol.ts';
import { exampleModels, examplePictures } from '../unit/engineHarness.ts';
import { TestHost } from './webviewPage.ts';

/** Runs the patch classifier on the example frames; the folder of the run and its result. */
export async function makeSequence(): Promise<{ run: string; result: Sequence }> {
  const run = path.join(mkdtempSync(path.join(tmpdir(), 'model-stability-sequence-')), 'run');
  const job = { signal: new AbortController().signal, progress: () => undefined, log: () => undefined };
  return { run, result: await sequence({ model: exampleModels.patches, images: examplePictures('frames'), run }, job) };
}

/** Answers what the view asks of the run with the functions that the worker answers with. */
export class SequenceHost extends TestHost {
  constructor({ run, result }: { run: string; result: Sequence }, state: Partial<PanelState> = {}) {
    super({ run, result, view: 'sequence', ...state });
  }

  override async answer(request: WebviewRequest): Promise<WebviewReply> {
    const { id, method, params } = request;
    const looks: Partial<Record<typeof method, () => Promise<unknown>>> = {
      clipCurves: () => clipCurves(params as ClipCurvesQuery),
      frames: () => framesPage(params as FramesQuery),
      framePicture: async () => {
        const { picture, ...size } = await framePicture(params as FramePictureRequest);
        return { ...size, picture: { base64: Buffer.from(picture).toString('base64') } };
      },
    };
    const look = looks[method];
    if (!look || this.failures.has(method)) return await super.answer(request);
    this.calls.push(request);
    return { id, ok: true, result: await look() };
  }
}
