'use strict';
// Takes the place of VS Code's native logger, so that no compiler is needed. It appends to the same files, which help when a
// test fails.
/* eslint-disable @typescript-eslint/no-require-imports -- VS Code loads this file as a CommonJS module */
const fs = require('node:fs');
const path = require('node:path');

const LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];

class FileLogger {
  constructor(file) {
    this.file = file;
    this.level = LEVELS.indexOf('info');
    this.plain = false;
    fs.mkdirSync(path.dirname(file), { recursive: true });
  }

  append(level, text) {
    if (level < this.level) return;
    const line = this.plain ? text : `${new Date().toISOString()} [${LEVELS[level]}] ${text}\n`;
    try {
      fs.appendFileSync(this.file, line);
    } catch (error) {
      // The tests remove the folder when they are done, which may be before the server wrote its last line.
      if (error.code !== 'ENOENT') throw error;
    }
  }

  trace(text) { this.append(0, text); }
  debug(text) { this.append(1, text); }
  info(text) { this.append(2, text); }
  warn(text) { this.append(3, text); }
  error(text) { this.append(4, text); }
  critical(text) { this.append(5, text); }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  setPattern() { this.plain = false; }
  clearFormatters() { this.plain = true; }
  flush() { return undefined; }
  drop() { return undefined; }
}

const create = (_name, file) => Promise.resolve(new FileLogger(file));

// One by one: only then does Node see their names where VS Code imports this file as an ES module.
exports.version = 1;
exports.setLevel = () => undefined;
exports.setFlushOn = () => undefined;
exports.shutdown = () => undefined;
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
