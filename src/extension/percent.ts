import * as vscode from 'vscode';

/** A share in percent with one digit, as the language of the screen writes numbers: `7.2 %`, `7,2 %`. */
export function percent(share: number): string {
  return `${(100 * share).toLocaleString(vscode.env.language, { minimumFractionDigits: 1, maximumFractionDigits: 1 })} %`;
}
