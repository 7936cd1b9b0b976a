/** Pictures of pairs as Blob URLs: asked for only while their row is in sight, a few at once, revoked when they are dropped. */
import type { PairPictures, PairPicturesQuery } from '../../src/protocol.ts';

const MOST_AT_ONCE = 4;

/** The pictures of one pair, ready for `<img>`; `failed` says why there are none. */
export interface ShownPictures {
  a: string;
  b: string;
  difference: string;
  width: number;
  height: number;
  failed: string | null;
}

const keyOf = ({ run, line, size, amplification }: PairPicturesQuery): string => `${run}\n${line}\n${size}\n${amplification}`;
const blobUrl = (bytes: Uint8Array): string => URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'image/webp' }));

/** A small cache of pictures, the longest unseen dropped first. */
export class PictureCache {
  private readonly shown = new Map<string, ShownPictures>();
  private readonly asked = new Set<string>();
  private wanted: PairPicturesQuery[] = [];
  private closed = false;
  private readonly fetchPictures: (query: PairPicturesQuery) => Promise<PairPictures>;
  private readonly changed: () => void;
  private readonly capacity: number;

  constructor(fetchPictures: (query: PairPicturesQuery) => Promise<PairPictures>, changed: () => void, capacity: number) {
    this.fetchPictures = fetchPictures;
    this.changed = changed;
    this.capacity = capacity;
  }

  get(query: PairPicturesQuery): ShownPictures | undefined {
    return this.shown.get(keyOf(query));
  }

  /** Says which pictures are in sight, most urgent first; replaces what was wanted before. */
  want(queries: PairPicturesQuery[]): void {
    this.wanted = queries;
    for (const query of queries) {
      const key = keyOf(query);
      const pictures = this.shown.get(key);
      if (!pictures) continue;
      this.shown.delete(key);
      this.shown.set(key, pictures);
    }
    this.send();
  }

  /** Revokes everything; pictures that arrive later are thrown away. */
  clear(): void {
    this.closed = true;
    for (const pictures of this.shown.values()) this.revoke(pictures);
    this.shown.clear();
    this.wanted = [];
  }

  private send(): void {
    for (const query of this.wanted) {
      if (this.asked.size >= MOST_AT_ONCE) return;
      const key = keyOf(query);
      if (!this.shown.has(key) && !this.asked.has(key)) void this.fetch(query, key);
    }
  }

  private async fetch(query: PairPicturesQuery, key: string): Promise<void> {
    this.asked.add(key);
    let pictures: ShownPictures;
    try {
      const { a, b, difference, width, height } = await this.fetchPictures(query);
      if (this.closed) return;
      pictures = { a: blobUrl(a), b: blobUrl(b), difference: blobUrl(difference), width, height, failed: null };
    } catch (error) {
      pictures = { a: '', b: '', difference: '', width: 0, height: 0, failed: error instanceof Error ? error.message : String(error) };
    } finally {
      this.asked.delete(key);
    }
    this.shown.set(key, pictures);
    for (const [oldest, old] of this.shown) {
      if (this.shown.size <= this.capacity) break;
      this.revoke(old);
      this.shown.delete(oldest);
    }
    this.changed();
    this.send();
  }

  private revoke(pictures: ShownPictures): void {
    for (const url of [pictures.a, pictures.b, pictures.difference]) if (url) URL.revokeObjectURL(url);
  }
}
