import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';

/** Pages of the webviews, by the name of their bundle in `dist/webview`. */
export type WebviewPage = 'panel' | 'modelEditor';

const folderOf = (extensionUri: vscode.Uri) => vscode.Uri.joinPath(extensionUri, 'dist', 'webview');

/** What a webview may do: run our bundles, read nothing else. */
export function webviewOptions(extensionUri: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [folderOf(extensionUri)] };
}

/** The document of a webview. Pictures come as bytes and are shown from blobs; nothing is loaded from elsewhere. */
export function webviewHtml(webview: vscode.Webview, extensionUri: vscode.Uri, page: WebviewPage): string {
  const nonce = randomBytes(16).toString('base64url');
  const uri = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(folderOf(extensionUri), name)).toString();
  const policy = [
    "default-src 'none'", `script-src 'nonce-${nonce}'`, `style-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} blob:`, `font-src ${webview.cspSource}`,
  ].join('; ');
  const hasStyles = existsSync(vscode.Uri.joinPath(folderOf(extensionUri), `${page}.css`).fsPath);
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Model Stability</title>
${hasStyles ? `<link rel="stylesheet" href="${uri(`${page}.css`)}">` : ''}
</head>
<body data-page="${page}">
<script type="module" nonce="${nonce}" src="${uri(`${page}.js`)}"></script>
</body>
</html>`;
}
