import type { FrameLocator, Locator, Page } from 'playwright-core';

/** Temporal's Web UI as a person uses it: its start form, and the page of a run. */

export interface StartForm {
  workflowType: string;
  workflowId: string;
  taskQueue: string;
  /** Typed into the form's field as it is; nothing is typed where it is not given. */
  json?: string;
}

const namespace = 'default';

/** Opens the start form by the link that fills it, types the input, starts, and waits for the form's word that it did. */
export async function startByForm(page: Page, uiUrl: string, form: StartForm): Promise<void> {
  const { json, ...fields } = form;
  const link = new URLSearchParams({ ...fields });
  await page.goto(`${uiUrl}/namespaces/${namespace}/workflows/start-workflow?${link.toString()}`);
  if (json !== undefined) await typeJson(page.getByRole('main'), json);
  await page.getByTestId('start-workflow-button').click();
  await page.getByText('Workflow started successfully').first().waitFor({ state: 'attached' });
}

/** Opens the page of a run, which shows its timeline first. */
export async function openRun(page: Page, uiUrl: string, workflowId: string): Promise<void> {
  await page.goto(`${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`);
  await page.getByRole('heading', { name: workflowId, level: 1 }).waitFor();
}

/** Opens the list of runs under a filter, such as `` `Procedure`="restore-database" ``. */
export async function openList(page: Page, uiUrl: string, filter: string): Promise<void> {
  const link = new URLSearchParams({ query: filter });
  await page.goto(`${uiUrl}/namespaces/${namespace}/workflows?${link.toString()}`);
  await page.getByRole('table', { name: 'Workflows' }).waitFor();
}

export async function openSchedules(page: Page, uiUrl: string): Promise<void> {
  await page.goto(`${uiUrl}/namespaces/${namespace}/schedules`);
  await page.getByRole('table', { name: 'Schedules' }).waitFor();
}

/** Opens a schedule from the list of them, and lets it start its procedure now, with its own policy. */
export async function triggerSchedule(page: Page, uiUrl: string, scheduleId: string): Promise<void> {
  await openSchedules(page, uiUrl);
  await page.getByRole('link', { name: scheduleId, exact: true }).click();
  await page.getByRole('button', { name: 'Schedule Actions' }).click();
  await page.getByRole('menuitem', { name: 'Trigger' }).click();
  const dialog = page.getByRole('dialog', { name: 'Trigger Immediately' });
  await dialog.getByRole('button', { name: 'Trigger' }).click();
  await dialog.waitFor({ state: 'hidden' });
}

/** Opens the timeline; what is on it comes by itself. */
export async function openTimeline(page: Page): Promise<Locator> {
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  return page.getByRole('main');
}

/** Opens the current details, as they are at this moment. They are rendered in a frame of their own. */
export async function openDetails(page: Page): Promise<FrameLocator> {
  await page.getByRole('tab', { name: 'User Metadata' }).click();
  return page.frameLocator('#user-metadata-current-details');
}

/** Waits until the timeline shows that the run asks `question`, and reads the plan off the details. */
export async function readPlan(page: Page, question: string): Promise<string> {
  const timeline = await openTimeline(page);
  await timeline.getByText(`${question}: plan`).waitFor();
  const details = await openDetails(page);
  await details.getByRole('heading', { name: question }).waitFor();
  return details.locator('strong code').innerText();
}

/** Sends a signal from the run's menu, with one JSON value. */
export async function sendSignal(page: Page, signal: string, value: unknown): Promise<void> {
  const dialog = await openSignals(page);
  await dialog.getByRole('option', { name: new RegExp(`^${signal}\\b`) }).click();
  await typeJson(dialog, JSON.stringify(value));
  await dialog.getByRole('button', { name: 'Submit' }).click();
  await dialog.waitFor({ state: 'hidden' });
}

/** Opens the dialog that sends a signal, with its list of signals. */
export async function openSignals(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'More Actions' }).click();
  await page.getByRole('menuitem', { name: 'Send a Signal' }).click();
  const dialog = page.getByRole('dialog', { name: 'Send a Signal' });
  await dialog.getByTestId('signal-select-button').click();
  // The run itself is asked which signals it takes: until it answers, there is only the custom one.
  await dialog.getByRole('option').nth(1).waitFor();
  return dialog;
}

export async function untilState(page: Page, state: 'Running' | 'Completed' | 'Failed'): Promise<void> {
  await page.getByTestId('execution-status').filter({ hasText: state }).first().waitFor();
}

/** The field sets the JSON out when it is left, and what is below moves: it is left before anything is clicked. */
async function typeJson(form: Locator, json: string): Promise<void> {
  const field = form.getByRole('textbox', { name: 'Data' });
  // The dialog of signals still holds what was sent before.
  await field.press('ControlOrMeta+a');
  await field.press('Delete');
  await field.pressSequentially(json);
  await field.blur();
}
