/** The language of the page, which is VS Code's own; English where there is no page (in tests of the functions alone). */
export const language = (globalThis as { document?: { documentElement: { lang: string } } }).document?.documentElement.lang || 'en';
