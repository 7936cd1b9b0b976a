/** A sentence whose weighty parts stand out. */
export type Phrase = (string | { strong: string })[];

/** A part that stands out. */
export const strong = (text: string): { strong: string } => ({ strong: text });

/** A phrase as plain text, for screen readers and tests. */
export const plainText = (phrase: Phrase): string => phrase.map((part) => typeof part === 'string' ? part : part.strong).join('');
