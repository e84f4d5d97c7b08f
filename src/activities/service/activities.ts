import { Context } from '@temporalio/activity';
import * as v from 'valibot';
import { problem } from '../../problem.ts';
import type { ServiceActivities, SmokeTest } from '../contract/service.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { askService, type HttpAnswer } from './http.ts';

const lookIntervalMs = 200;
/** Four workers answer in turn: each has its own connections, and each must have found the new database. */
const goodInARow = 8;
const smokeAttempts = 3;

const detailedSchema = v.object({
  components: v.array(v.object({ component: v.string(), status: v.string() })),
});

type Check = SmokeTest['checks'][number];

/** The activities on the service as customers reach it. */
export function createServiceActivities(setting: Setting): ServiceActivities {
  return {
    async awaitReconnection({ withinMs }) {
      const startedMs = Date.now();
      let lastBadMs = startedMs;
      for (let good = 0; good < goodInARow;) {
        const checks = await checkService(setting);
        const ok = checks.every(isGood);
        good = ok ? good + 1 : 0;
        if (!ok) lastBadMs = Date.now();
        if (!ok && Date.now() - startedMs > withinMs)
          return { reconnected: false, afterMs: Date.now() - startedMs };
        reportProgress(ok ? `Answers: ${good} of ${goodInARow}` : describe(checks));
        await Context.current().sleep(lookIntervalMs);
      }
      return { reconnected: true, afterMs: lastBadMs - startedMs };
    },

    async smokeTest() {
      for (let attempt = 1; ; attempt += 1) {
        const checks = await checkService(setting);
        if (checks.every(isGood)) return { checks };
        if (attempt === smokeAttempts) {
          throw problem('SmokeTestFailed', {
            what: `The smoke test failed: ${describe(checks)}; expected 200 with the database and redis healthy.`,
          });
        }
        await Context.current().sleep(lookIntervalMs * attempt);
      }
    },
  };
}

/** Runbook: `curl /health/detailed`, then start a voice session. */
async function checkService(setting: Setting): Promise<Check[]> {
  const { probes, testToken } = setting.stack.service;
  const health = await askService(setting, { path: probes.detailed });
  const session = await askService(setting, {
    method: 'POST',
    path: probes.smokeTest,
    token: await setting.secret(testToken),
    json: { session_id: 'hermes-ops-smoke-test' },
  });
  return [
    check(`GET ${probes.detailed}`, health, unhealthyComponents(health)),
    check(`POST ${probes.smokeTest}`, session, ''),
  ];
}

/** The database and Redis must be seen to serve. The whole may be "unknown": without an OpenAI key it always is. */
function unhealthyComponents({ body }: HttpAnswer): string {
  const parsed = v.safeParse(detailedSchema, body);
  if (!parsed.success) return 'an answer without components';
  const states = new Map(parsed.output.components.map(({ component, status }) => [component, status]));
  return ['database', 'redis']
    .map((component) => ({ component, status: states.get(component) ?? 'not there' }))
    .filter(({ status }) => status !== 'healthy' && status !== 'degraded')
    .map(({ component, status }) => `${component} is ${status}`)
    .join(', ');
}

function check(name: string, { status, durationMs, failure }: HttpAnswer, detail: string): Check {
  return { name, status, durationMs, detail: failure ?? detail };
}

function isGood({ status, detail }: Check): boolean {
  return status >= 200 && status < 300 && detail === '';
}

function describe(checks: readonly Check[]): string {
  return checks
    .filter((one) => !isGood(one))
    .map(
      ({ name, status, detail }) =>
        `${name} answered ${status === 0 ? 'nothing' : status}${detail === '' ? '' : ` (${detail})`}`,
    )
    .join('; ');
}
