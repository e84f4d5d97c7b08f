import { chromium, type Page, type Route } from 'playwright-core';

export interface BrowserOptions {
  /** Of the window, in CSS pixels. */
  width?: number;
  height?: number;
  /** Pixels of a picture for each CSS pixel. */
  scale?: number;
}

/** One page of a headless Chromium with an empty profile. */
export interface BrowserPage {
  page: Page;
  close(this: void): Promise<void>;
}

/** How long a page may take to show what is waited for, on a machine that does much else, in ms. */
const patienceMs = 60_000;

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Opens a page. Times on it are in UTC. Throws playwright's error when the browser does not start. */
export async function openBrowserPage(
  executablePath: string,
  { width = 1280, height = 1000, scale = 1 }: BrowserOptions = {},
): Promise<BrowserPage> {
  const browser = await chromium.launch({ executablePath, args: quiet });
  const page = await browser.newPage({
    viewport: { width, height },
    deviceScaleFactor: scale,
    timezoneId: 'UTC',
    locale: 'en-US',
  });
  page.setDefaultTimeout(patienceMs);
  // Chromium drops its requests whenever a network interface of the machine comes or goes, as with each job container.
  await page.route('**/*', fetchOutside);
  return { page, close: () => browser.close() };
}

async function fetchOutside(route: Route): Promise<void> {
  try {
    await route.fulfill({ response: await route.fetch({ timeout: 0 }) });
  } catch {
    // The page was left or closed meanwhile, or the server is away: the page sees a failed request.
    await route.abort().catch(() => undefined);
  }
}
