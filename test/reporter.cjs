'use strict';
/* eslint-disable @typescript-eslint/no-require-imports -- mocha loads a reporter with require */
const { mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { reporters } = require('mocha');

/** Mocha's usual output, and the counts as JSON in the file that MODEL_STABILITY_REPORT names. */
module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.MODEL_STABILITY_REPORT;
    if (!file) return;
    runner.once('end', () => {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify({ stats: runner.stats }));
    });
  }
};
