'use strict';
// Takes the place of VS Code's native watchdog, so that no compiler is needed. It ends the server when its parent is gone while
// the event loop is busy; VS Code watches the parent in JavaScript too, and the tests stop the server's whole process group.
exports.start = () => true;
exports.exit = (code) => process.exit(code ?? 0);
