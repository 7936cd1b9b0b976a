/** Browsers clamp elements near 33.5 million pixels. */
const MOST_PIXELS = 30_000_000;
/** Lines that are drawn above and below those in sight, so that scrolling does not run ahead of drawing. */
const OVERSCAN = 3;
/** Milliseconds without a scroll event after which scrolling rests. */
const REST = 150;

/** Lines from `first` to `last`, both inclusive. */
export interface LineRange {
  first: number;
  last: number;
}

/** What the lines are: their number, the height of each, and how much of the element's top is covered by a head that stays, in pixels. */
export interface Lines {
  count: number;
  height: number;
  covered: number;
}

/**
 * Which of many lines of one height are in sight of an element that scrolls, and where they lie in its content. Lines that are higher
 * together than a browser makes an element are scrolled over faster: the content is as high as it can be, and a line's place in it
 * moves with the scroll position. Nothing here asks the browser to lay out what is not laid out yet.
 */
export class LineScroller {
  readonly element: HTMLElement;
  private lines: Lines = { count: 0, height: 1, covered: 0 };
  private elementHeight = 0;
  /** The element's scroll position, and how far the lines are scrolled; the same where all lines fit. */
  private top = 0;
  private scrolled = 0;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private readonly resized = new ResizeObserver(([entry]) => {
    this.elementHeight = entry?.contentRect.height ?? this.elementHeight;
    this.changed();
  });
  private readonly changed: () => void;
  private readonly rested: () => void;

  /** `changed` is called when other lines may be in sight, `rested` when scrolling has paused. */
  constructor(element: HTMLElement, changed: () => void, rested: () => void) {
    this.element = element;
    this.changed = changed;
    this.rested = rested;
    this.resized.observe(element);
    element.addEventListener('scroll', this.onScroll, { passive: true });
  }

  stop(): void {
    clearTimeout(this.resting);
    this.resized.disconnect();
    this.element.removeEventListener('scroll', this.onScroll);
  }

  setLines(lines: Lines): void {
    this.lines = lines;
    this.scrolled = this.offsetAt(this.top);
  }

  /** Lines that are drawn at most, wherever the element is scrolled to; at least 1. */
  get mostDrawn(): number {
    return Math.ceil(this.visible / this.lines.height) + 1 + 2 * OVERSCAN;
  }

  /** Pixels by which the lines are scrolled, as if the browser could make an element of all of them. */
  get offset(): number {
    return this.scrolled;
  }

  /** Height of what shows lines. */
  get visible(): number {
    return Math.max(0, this.elementHeight - this.lines.covered);
  }

  /** Height of the element that holds the lines. */
  get contentHeight(): number {
    return Math.min(MOST_PIXELS, this.lines.count * this.lines.height);
  }

  /** The lines in sight; null where there are none. */
  get inSight(): LineRange | null {
    const { count, height } = this.lines;
    if (count === 0 || this.elementHeight === 0) return null;
    const offset = Math.min(this.scrolled, this.mostOffset);
    return { first: Math.floor(offset / height), last: Math.min(count, Math.max(1, Math.ceil((offset + this.visible) / height))) - 1 };
  }

  /** The lines that are drawn: those in sight and some beside them. */
  get drawn(): number[] {
    const range = this.inSight;
    if (!range) return [];
    const first = Math.max(0, range.first - OVERSCAN);
    return Array.from({ length: Math.min(this.lines.count - 1, range.last + OVERSCAN) - first + 1 }, (_, place) => first + place);
  }

  /** Where a line begins in the content, in pixels, as long as the scroll position is what it is. */
  placeOf(line: number): number {
    return line * this.lines.height - this.scrolled + this.top;
  }

  /** Scrolls to an offset of the lines. The content must have its height already. */
  scrollTo(offset: number): void {
    const scrolled = Math.max(0, Math.min(offset, this.mostOffset));
    if (scrolled === this.scrolled) return;
    this.element.scrollTop = scrolled / this.speed;
    this.top = this.element.scrollTop;
    // Where a pixel of the scroll bar is several of the lines, the place is still exact.
    this.scrolled = this.speed === 1 ? this.top : scrolled;
  }

  /** Scrolls as little as brings a line into sight. */
  reveal(line: number): void {
    const begin = line * this.lines.height;
    const latest = begin + this.lines.height - this.visible;
    if (begin < this.scrolled) this.scrollTo(begin);
    else if (latest > this.scrolled) this.scrollTo(latest);
  }

  /** The offset at which the last line ends where the element does. */
  private get mostOffset(): number {
    return Math.max(0, this.lines.count * this.lines.height - this.visible);
  }

  /** Pixels of lines for each of the scroll position. */
  private get speed(): number {
    const mostTop = this.contentHeight - this.visible;
    return this.contentHeight === this.lines.count * this.lines.height || mostTop <= 0 ? 1 : this.mostOffset / mostTop;
  }

  /** What scroll position stands for which offset; one that `scrollTo` has set stays exact. */
  private offsetAt(top: number): number {
    const offset = top * this.speed;
    return Math.abs(offset - this.scrolled) < this.speed ? this.scrolled : offset;
  }

  private readonly onScroll = (): void => {
    clearTimeout(this.resting);
    this.resting = setTimeout(this.rested, REST);
    const { scrollTop } = this.element;
    if (scrollTop === this.top) return;
    this.top = scrollTop;
    this.scrolled = scrollTop * this.speed;
    this.changed();
  };
}
