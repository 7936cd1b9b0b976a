import type { Locator } from 'playwright-core';
import type { Workbench } from './workbench.ts';

/** The views beside the editor that tests click on: runs, tests, problems, dialogs, the status bar. */
export class SideViews {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  /** Opens the view of runs by its icon in the activity bar. */
  async openRuns(): Promise<void> {
    const title = this.#workbench.page.locator('.part.sidebar .composite.title', { hasText: 'Model Stability' });
    if (await title.isVisible()) return;
    await this.#workbench.page.locator('.activitybar .action-item').filter({ has: this.#workbench.page.locator('[aria-label^="Model Stability"]') }).first().click();
    await title.waitFor();
  }

  /** Rows of the side bar's tree, all or those with a text. */
  runs(text?: string | RegExp): Locator {
    const rows = this.#workbench.page.locator('.part.sidebar .monaco-list-row');
    return text === undefined ? rows : rows.filter({ hasText: text });
  }

  /** Presses a button of the dialog that is open, once it is there. */
  async answerDialog(button: string): Promise<void> {
    const dialog = this.#workbench.page.locator('.monaco-dialog-box');
    await dialog.getByRole('button', { name: button, exact: true }).click();
    await dialog.filter({ has: this.#workbench.page.getByRole('button', { name: button, exact: true }) }).waitFor({ state: 'hidden' });
  }

  /** Rows of the Problems view that hold a text. */
  problem(text: string | RegExp): Locator {
    return this.#workbench.page.locator('.markers-panel .monaco-list-row').filter({ hasText: text });
  }

  /** The item of the status bar with a text. */
  statusItem(text: string | RegExp): Locator {
    return this.#workbench.page.locator('.part.statusbar .statusbar-item').filter({ hasText: text });
  }
}
