/** The pairs of a run by pages: fetched when rows come into sight, kept while they are near, never asked for after they left. */
import type { PairRow, PairsPage, PairsQuery } from '../../src/protocol.ts';

/** Some more than a window shows: what a page costs, from its file to the screen, stands between a choice and its rows. */
const PAGE_ROWS = 20;
const KEPT_PAGES = 60;
const MOST_AT_ONCE = 2;

/** What a set of pages is about: a query without its range. */
export type PairsFilter = Omit<PairsQuery, 'start' | 'end'>;

/** Pages of the pairs that pass one filter. A new filter is a new object: late answers of an old one go nowhere. */
export class PairPages {
  total: number | null = null;
  all = 0;
  maxFeatureDistance = 0;
  error: Error | null = null;
  readonly filter: PairsFilter;
  private readonly pages = new Map<number, PairRow[]>();
  private readonly asked = new Set<number>();
  private wanted: number[] = [0];
  /** Pages beside those in sight, asked for once these are there, so that scrolling at a reading pace meets no skeletons. */
  private near: number[] = [];
  private readonly fetchPage: (query: PairsQuery) => Promise<PairsPage>;
  private readonly changed: () => void;

  constructor(filter: PairsFilter, fetchPage: (query: PairsQuery) => Promise<PairsPage>, changed: () => void) {
    this.filter = filter;
    this.fetchPage = fetchPage;
    this.changed = changed;
  }

  row(index: number): PairRow | undefined {
    return this.pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  /** Says which rows are in sight; replaces what was wanted before, so that pages scrolled past are not asked for. */
  want(start: number, end: number): void {
    const first = Math.floor(Math.max(0, start) / PAGE_ROWS);
    const last = Math.floor(Math.max(0, end - 1) / PAGE_ROWS);
    this.wanted = Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
    this.near = [last + 1, first - 1].filter((page) => page >= 0 && page * PAGE_ROWS < (this.total ?? 0));
    // Reading moves a page to the end of the map, so that what is dropped is what was out of sight longest.
    for (const page of this.wanted) {
      const rows = this.pages.get(page);
      if (!rows) continue;
      this.pages.delete(page);
      this.pages.set(page, rows);
    }
    this.send();
  }

  /** Forgets an error and asks again for what is in sight. */
  retry(): void {
    this.error = null;
    this.send();
  }

  private send(): void {
    if (this.error) return;
    const missing = this.wanted.filter((page) => !this.pages.has(page));
    for (const page of missing.length > 0 ? missing : this.near) {
      if (this.asked.size >= MOST_AT_ONCE) return;
      if (!this.pages.has(page) && !this.asked.has(page)) void this.fetch(page);
    }
  }

  private async fetch(page: number): Promise<void> {
    this.asked.add(page);
    try {
      const answer = await this.fetchPage({ ...this.filter, start: page * PAGE_ROWS, end: (page + 1) * PAGE_ROWS });
      this.total = answer.total;
      this.all = answer.all;
      this.maxFeatureDistance = answer.maxFeatureDistance;
      this.pages.set(page, answer.rows);
      for (const oldest of this.pages.keys()) {
        if (this.pages.size <= KEPT_PAGES) break;
        this.pages.delete(oldest);
      }
    } catch (error) {
      this.error = error instanceof Error ? error : new Error(String(error));
    } finally {
      this.asked.delete(page);
    }
    this.changed();
    this.send();
  }
}
