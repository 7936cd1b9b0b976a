import * as vscode from 'vscode';
import { translated } from '../translation/translate.ts';

/** Sentences that the engine wrote, in the language of VS Code. */
export const said = (text: string): string => translated(text, vscode.env.language);
