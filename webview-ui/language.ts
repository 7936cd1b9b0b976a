/** Languages that the webviews speak, by the first part of a language's tag; each has a table of words in `strings.ts`. */
const languages = ['de', 'en'] as const;

export type Language = (typeof languages)[number];

/** The page's language, which is VS Code's own; English for others, and where there is no page (in tests of the functions alone). */
const wanted = (globalThis as { document?: { documentElement: { lang: string } } }).document?.documentElement.lang.split('-')[0]!.toLowerCase();

/** The language of words and numbers. */
export const language: Language = languages.find((known) => known === wanted) ?? 'en';
