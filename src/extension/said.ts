import * as vscode from 'vscode';
import { translated } from '../translation/translate.ts';

/** Sentences that the engine wrote, in the language of VS Code. */
export const said = (text: string): string => translated(text, vscode.env.language);

/** How errors of the engine are said in the language of VS Code. Their tables are loaded when first asked for, and for English never. */
export async function errorsSaid(): Promise<(message: string) => string> {
  const { language } = vscode.env;
  if (/^en\b/i.test(language)) return (message) => message;
  const { translatedError } = await import('../translation/errors.ts');
  return (message) => translatedError(message, language);
}
