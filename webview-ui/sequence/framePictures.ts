/** Pictures of frames as Blob URLs: a few are asked for at once, the longest unseen are revoked. */
import type { FramePictureFile } from '../../src/engine/runs/queries.ts';

/** Of a frame: its picture, or why there is none. */
export interface FramePicture {
  url: string;
  failed: string | null;
}

const MOST_AT_ONCE = 4;
const CAPACITY = 48;

export class FramePictures {
  private readonly shown = new Map<number, FramePicture>();
  private readonly asked = new Set<number>();
  private wanted: number[] = [];
  private closed = false;
  private readonly fetchPicture: (frame: number) => Promise<FramePictureFile>;
  private readonly changed: () => void;

  constructor(fetchPicture: (frame: number) => Promise<FramePictureFile>, changed: () => void) {
    this.fetchPicture = fetchPicture;
    this.changed = changed;
  }

  get(frame: number): FramePicture | undefined {
    return this.shown.get(frame);
  }

  /** Says which frames are in sight, most urgent first; replaces what was wanted before. */
  want(frames: number[]): void {
    this.wanted = frames;
    this.send();
  }

  /** Revokes everything; pictures that arrive later are thrown away. */
  clear(): void {
    this.closed = true;
    for (const { url } of this.shown.values()) URL.revokeObjectURL(url);
    this.shown.clear();
    this.wanted = [];
  }

  private send(): void {
    for (const frame of this.wanted) {
      if (this.asked.size >= MOST_AT_ONCE) return;
      if (!this.shown.has(frame) && !this.asked.has(frame)) void this.fetch(frame);
    }
  }

  private async fetch(frame: number): Promise<void> {
    this.asked.add(frame);
    let picture: FramePicture;
    try {
      const { picture: bytes } = await this.fetchPicture(frame);
      if (this.closed) return;
      picture = { url: URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'image/webp' })), failed: null };
    } catch (error) {
      picture = { url: '', failed: error instanceof Error ? error.message : String(error) };
    } finally {
      this.asked.delete(frame);
    }
    this.shown.set(frame, picture);
    for (const [oldest, { url }] of this.shown) {
      if (this.shown.size <= CAPACITY) break;
      if (this.wanted.includes(oldest)) continue;
      if (url) URL.revokeObjectURL(url);
      this.shown.delete(oldest);
    }
    this.changed();
    this.send();
  }
}
