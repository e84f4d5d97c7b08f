import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRun, openTimeline, triggerSchedule, untilState } from '../../scripts/web-ui/run-page.ts';
import { handshake } from '../../scripts/sandbox/handshake.ts';
import { type CertificateInstallation, installWithAuthority } from './support/certificate-installation.ts';
import { until } from './support/sandbox-client.ts';
import { openWebUi, type WebUi } from './support/web-ui.ts';

let hermes: CertificateInstallation;
let ui: WebUi;

/** Once a day, and not while this test runs. */
const farHour = (new Date().getUTCHours() + 12) % 24;
const daily = { enabled: true, cron: `30 ${farHour} * * *`, jitter: '1m' };

beforeAll(async () => {
  hermes = await installWithAuthority('renew-ui', { schedules: { 'renew-certificate': daily } });
  ui = await openWebUi(hermes);
});
afterAll(async () => {
  await ui?.close();
  await hermes?.close();
});

async function scheduledRun(scheduleId: string): Promise<string> {
  let found = '';
  await until('the schedule has started a run', async () => {
    const query = `TemporalScheduledById = "${scheduleId}"`;
    for await (const { workflowId } of hermes.client.workflow.list({ query })) found = workflowId;
    return found !== '';
  });
  return found;
}

test('the daily renewal is triggered on the Schedules page, and customers get a new certificate', async () => {
  const before = await hermes.prepare();
  const scheduleId = `${hermes.project}/renew-certificate`;
  await triggerSchedule(ui.page, ui.uiUrl, scheduleId);
  await openRun(ui.page, ui.uiUrl, await scheduledRun(scheduleId));
  const timeline = await openTimeline(ui.page);
  await timeline.getByText('Check what customers get').waitFor({ timeout: 60_000 });
  await untilState(ui.page, 'Completed');
  await ui.page
    .getByText(/Renewed: hermes\.localhost until/)
    .first()
    .waitFor();
  const after = await handshake(hermes.sandbox);
  expect(after).toEqual({ fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/), protocol: 'h2' });
  expect(after).not.toMatchObject({ fingerprint: before });
});
