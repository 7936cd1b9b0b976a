/** What the bench of the gallery runs inside the page: text, because the page's types are not those of this process. */

/**
 * The page's clock and its gallery. `drawn` resolves with the time, in milliseconds since 1970, right after the first frame in which
 * something holds was laid out and painted: that frame itself is in a figure, and no further one.
 */
export const PAGE_TOOLS = `window.bench = (() => {
  const panel = () => document.querySelector('model-stability-panel')?.shadowRoot;
  const gallery = () => panel()?.querySelector('model-stability-gallery')?.shadowRoot;
  const now = () => performance.timeOrigin + performance.now();
  const drawn = (holds) => new Promise((resolve) => {
    const look = () => {
      if (!holds()) return requestAnimationFrame(look);
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(now());
      port2.postMessage(null);
    };
    requestAnimationFrame(look);
  });
  // Some spaces are of the kind that does not break.
  const plain = (text) => text.replaceAll(/\\s/g, ' ');
  const hasRow = ({ name, counts }) => {
    const row = gallery()?.querySelector('#row-0');
    return row?.querySelector('.distance-value') && name.every((part) => plain(row.getAttribute('aria-label')).includes(part)) && gallery().querySelector('.counts').textContent.startsWith(counts);
  };
  const hasPictures = () => gallery()?.querySelector('.row') && [...gallery().querySelectorAll('.row')].every((row) => row.querySelectorAll('img, .no-picture').length === 3);
  const set = (selector, value) => {
    const control = gallery().querySelector(selector);
    control.value = value;
    for (const type of ['input', 'change']) control.dispatchEvent(new Event(type, { bubbles: true }));
  };
  const choose = async (selector, value, expected) => {
    const begun = now();
    set(selector, value);
    return await drawn(() => hasRow(expected)) - begun;
  };
  const reset = async (expected) => {
    gallery().querySelector('[name=clear]')?.click();
    await drawn(() => true);
    set('select[name=sort]', 'featureDistance');
    await drawn(() => hasRow(expected) && hasPictures());
    await new Promise((resolve) => setTimeout(resolve, 200));
  };
  const openGallery = async (expected) => {
    const begun = now();
    panel().querySelector('#tab-gallery').click();
    return await drawn(() => hasRow(expected)) - begun;
  };
  return { panel, gallery, drawn, hasRow, hasPictures, choose, reset, openGallery };
})();`;

/** What the first row in sight must say, and how the count begins. */
export interface ExpectedRow {
  name: string[];
  counts: string;
}

/** Tells `measured` when the panel's figures, the gallery's first rows and its pictures were drawn. */
export const watchOpening = (expected: ExpectedRow): string => `
  bench.drawn(() => bench.panel()?.querySelector('#view')?.textContent.trim()).then((at) => measured('figures', at));
  bench.drawn(() => bench.hasRow(${JSON.stringify(expected)})).then((at) => measured('rows', at));
  bench.drawn(() => bench.hasPictures()).then((at) => measured('pictures', at));`;

/** What one way of scrolling came to; times in milliseconds. */
export interface Scrolled {
  lengths: number[];
  blankMax: number;
  skeletonMax: number;
}

/** Scrolls as `move` says for `frames` frames; per frame its length and how much of the window has no row, and no text. */
export const scrolling = (move: string, frames: number): string => `(async () => {
  const grid = bench.gallery().querySelector('.grid');
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const seen = (selector) => {
    const window = grid.getBoundingClientRect();
    return [...grid.querySelectorAll(selector)].some((row) => { const box = row.getBoundingClientRect(); return box.bottom > window.top + 26 && box.top < window.bottom && box.top < window.top + 26 + 132; });
  };
  const lengths = [];
  let blank = 0, blankMax = 0, skeleton = 0, skeletonMax = 0;
  let last = await frame();
  for (let step = 0; step < ${frames}; step++) {
    ${move};
    const now = await frame();
    const length = now - last;
    last = now;
    lengths.push(length);
    blank = seen('.row') ? 0 : blank + length;
    skeleton = seen('.row .distance-value') ? 0 : skeleton + length;
    blankMax = Math.max(blankMax, blank);
    skeletonMax = Math.max(skeletonMax, skeleton);
  }
  return { lengths, blankMax, skeletonMax };
})()`;
