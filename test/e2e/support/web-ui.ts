import type { Page } from 'playwright-core';
import { setUpChromium } from '../../../scripts/setup/chromium.ts';
import { openBrowserPage } from '../../../scripts/web-ui/browser.ts';
import { openRun, startByForm } from '../../../scripts/web-ui/run-page.ts';
import { readEnvironment } from '../../../src/environment.ts';
import type { Installation } from './installation.ts';

/** The Web UI of an installation, in a browser of the test's own. */
export interface WebUi {
  page: Page;
  uiUrl: string;
  /** Starts a procedure from the start form, with the typed JSON or with nothing, and opens the page of the run. */
  start(workflowType: string, workflowId: string, json?: string): Promise<void>;
  close(): Promise<void>;
}

export async function openWebUi({ temporal, taskQueue }: Installation): Promise<WebUi> {
  const { uiUrl } = temporal;
  const chromium = await setUpChromium(readEnvironment(), () => undefined);
  const { page, close } = await openBrowserPage(chromium, { width: 1440, height: 1400 });
  return {
    page,
    uiUrl,
    close,
    async start(workflowType, workflowId, json) {
      const form = { workflowType, workflowId, taskQueue };
      await startByForm(page, uiUrl, json === undefined ? form : { ...form, json });
      await openRun(page, uiUrl, workflowId);
    },
  };
}
