import { translated } from '../src/translation/translate.ts';
import { language } from './language.ts';

/** Sentences that the engine wrote, in the language of the page. */
export const said = (text: string): string => translated(text, language);
