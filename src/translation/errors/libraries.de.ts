/** What the libraries and the runtime say inside of this program's errors: Valibot of a configuration, V8 of JSON, Node.js of files; their English and its German. */
export const libraries: Readonly<Record<string, string>> = {
  'EACCES: permission denied, {0}': 'EACCES: Zugriff verweigert, {0}',
  'EISDIR: illegal operation on a directory, {0}': 'EISDIR: Das ist ein Ordner, {0}',
  'ENOENT: no such file or directory, {0}': 'ENOENT: Das gibt es nicht, {0}',
  'Expected {0} in JSON at position {1}': 'Erwartet: {0} in JSON an Position {1}',
  'Invalid {0}: Expected {1} but received {2}': 'Ungültig: Erwartet ist {1}, angegeben ist {2}',
  'Invalid {0}: Received {1}': 'Ungültig: {1}',
  'Unexpected end of JSON input': 'Der JSON-Text endet zu früh',
  'Unexpected token {0}, {1} is not valid JSON': 'Unerwartetes Zeichen {0}, {1} ist kein gültiges JSON',
};
