import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '..');

/** Every sentence that the extension host shows: the first argument of each `vscode.l10n.t(…)`, sorted. */
export function hostStrings(): string[] {
  const folder = path.join(root, 'src', 'extension');
  const found = new Set<string>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    const source = ts.createSourceFile(file, readFileSync(path.join(folder, file), 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && node.expression.getText(source) === 'vscode.l10n.t') {
        const [first] = node.arguments;
        if (!first || !ts.isStringLiteralLike(first)) throw new Error(`${file}: vscode.l10n.t takes its sentence as a literal: ${node.getText(source)}`);
        found.add(first.text);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return [...found].sort();
}
