import { randomUUID } from 'node:crypto';
import type Docker from 'dockerode';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../scripts/worker-process.ts';
import type { ServicesReport } from '../../src/procedures/list-services.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { compose } from './support/compose.ts';
import { install, type Installation, schedulesOff } from './support/installation.ts';
import { ofCompose, withOneMore } from './support/one-more-container.ts';
import { start, statusWhen } from './support/runs.ts';
import { sandboxClient } from './support/sandbox-client.ts';
import { scaled } from './support/scalings.ts';

let hermes: Installation;
let worker: WorkerProcess;

beforeAll(async () => {
  hermes = await install('services', { rows: 1_000 });
  await hermes.writeStack({
    sections: {
      ...schedulesOff,
      scaling: { watch: '1s', drainWithin: '60s' },
      compose: { project: hermes.project },
    },
  });
  worker = await hermes.startWorker();
});
afterAll(() => hermes?.close());

async function report(): Promise<ServicesReport & { exitCode: number }> {
  const { stdout, exitCode } = await hermes.hermesOps('services', '--json');
  return { ...JSON.parse(stdout), exitCode };
}

const api = (): Docker.Container => hermes.docker.getContainer(hermes.sandbox.containers.api);

const eat = 'x = bytearray(200 * 1024 * 1024)';

describe('hermes-ops services', () => {
  test('shows every container after a scaling: who made it, that nginx asks it, what it uses of its limits', async () => {
    await scaled(hermes, 2);
    const { stdout, exitCode } = await hermes.hermesOps('services');
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    expect(stdout).toMatch(
      /^service +container +state +up since +CPU +nginx\n +image +health +restarts +memory +made by\n/,
    );
    expect(stdout).toMatch(
      /\napi +services-\d+-api +running +.*Z +<?[\d.]+ of 2 CPUs +asks it\n.* 0 restarts +\d+ MiB of 4 GiB +compose\n/,
    );
    expect(stdout).toMatch(/\napi +services-\d+_api_2 +running .* asks it\n.* of 4 GiB +replica\n/);
    expect(stdout).toMatch(/\npostgres .* running /);
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(stdout).toContain('All 5 containers are as they should be');

    const run = await start(hermes.client, 'listServices', 'list-services');
    const result: ProcedureResult<ServicesReport> = await run.result();
    expect(result).toMatchObject({
      outcome: 'done',
      report: {
        containers: [
          {
            service: 'api',
            kind: 'compose',
            asked: true,
            answers: true,
            cpuLimit: 2,
            restarts: 0,
            oomKills: 0,
          },
          { service: 'api', kind: 'replica', asked: true, answers: true, run: { procedure: 'scaleService' } },
          { service: 'nginx', asked: null, answers: true },
          { service: 'postgres', answers: true, memoryLimitBytes: 2 * 1024 ** 3 },
          { service: 'redis', answers: true },
        ],
        front: { failed: 0 },
      },
    });
    expect(JSON.stringify(result)).not.toContain(hermes.sandbox.secrets.postgresPassword);
  });

  test('says that compose took a replica away, and that nginx still asks it; not once that is put right', async () => {
    await compose(hermes.sandbox, ['up', '-d']);
    const { findings, exitCode } = await report();
    expect(exitCode).toBe(1);
    expect(findings).toContainEqual({
      trouble: true,
      about: 'nginx',
      text: expect.stringMatching(/^it asks [\d.]+, where no container is any more: .*rebalance-proxy/),
    });
    const takenAway = {
      trouble: false,
      about: 'api',
      text: expect.stringMatching(/^chris asked for 2 of api .* and 1 are there/),
    };
    expect(findings).toContainEqual(takenAway);
    expect((await hermes.hermesOps('run', 'rebalance-proxy')).exitCode).toBe(0);
    const after = await report();
    expect(after.exitCode).toBe(0);
    expect(after.findings).toContainEqual(takenAway);
    await scaled(hermes, 1);
    expect((await report()).findings).not.toContainEqual(takenAway);
  });

  test('shows the copy that carries the traffic during a restart, and waits for no lock', async () => {
    const { dispatcher, close } = await sandboxClient(hermes.sandbox);
    // Under way for as long as the test looks.
    const path = '/api/v1/voice/stream?seconds=60';
    const stream = await request(`${hermes.sandbox.baseUrl}${path}`, { dispatcher });
    stream.body.on('error', () => undefined);
    const restart = await start(hermes.client, 'restartService', 'restart', { service: 'api' });
    await statusWhen(restart, ({ running }) =>
      running.some((title) => title.startsWith('Wait until nothing')),
    );
    const { containers, findings, exitCode } = await report();
    expect(exitCode).toBe(0);
    expect(containers).toContainEqual(
      expect.objectContaining({
        service: 'api',
        kind: 'bridge',
        asked: true,
        run: { workflowId: 'restart', procedure: 'restartService', goesOn: true },
      }),
    );
    expect(findings.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^the copy that carries the traffic .* \(workflow restart\), which goes on$/),
    );
    stream.body.destroy();
    await close();
    expect(await restart.result()).toMatchObject({ outcome: 'done' });
  });

  test('says of an api that was killed how it ended, and what customers get; ends with 1', async () => {
    await api().kill();
    try {
      const { findings, exitCode, containers } = await report();
      expect(exitCode).toBe(1);
      expect(containers[0]).toMatchObject({ state: 'exited', exitCode: 137, cpus: null, memoryBytes: null });
      expect(findings).toContainEqual({
        trouble: true,
        about: `${hermes.project}-api`,
        text: expect.stringMatching(/^it ended with exit code 137, killed at \d\d:\d\d UTC$/),
      });
      expect(findings).toContainEqual({
        trouble: true,
        about: 'nginx',
        text: expect.stringMatching(
          /\d+ of \d+ requests for \/health through nginx failed: (?:status 50\d|no answer)/,
        ),
      });
      const { stdout } = await hermes.hermesOps('services');
      expect(stdout).toMatch(/ exited with 137$/m);
      expect(stdout).toMatch(/3 of 4 containers run; in trouble: nginx, services-\d+-api\./);
    } finally {
      await hermes.hermesOps('run', 'restart-service', '--service', 'api');
    }
    expect((await report()).exitCode).toBe(0);
  });

  test('says what the memory limit has killed, a whole container or a process in one', async () => {
    const memory = 64 * 1024 ** 2;
    const name = `${hermes.project}-hog`;
    const labels = ofCompose(hermes.project, 'hog');
    await withOneMore(hermes, { name, labels, memory, argv: ['python3', '-c', eat] }, async (container) => {
      await container.wait();
      const { findings, exitCode } = await report();
      expect(exitCode).toBe(1);
      expect(findings).toContainEqual({
        trouble: true,
        about: name,
        text: expect.stringContaining('exit code 137, killed by its memory limit'),
      });
    });
    const argv = ['sh', '-c', `python3 -c '${eat}'; echo survived; sleep 600`];
    await withOneMore(hermes, { name, labels, memory, argv }, async (container) => {
      for await (const line of await container.logs({ follow: true, stdout: true }))
        if (String(line).includes('survived')) break;
      const { findings, exitCode } = await report();
      expect(exitCode).toBe(0);
      expect(findings).toContainEqual({
        trouble: false,
        about: name,
        text: expect.stringContaining('1 process in it killed for want of memory'),
      });
    });
  });

  test('says what an ended run has left over', async () => {
    const name = `hermes-ops-${hermes.project}-api-bridge-0123abcd`;
    const labels = {
      'hermes-ops.stack': hermes.project,
      'hermes-ops.procedure': 'restartService',
      'hermes-ops.workflow': 'restart-of-yesterday',
      'hermes-ops.run': randomUUID(),
      'hermes-ops.step': 'bridge',
      'hermes-ops.service': 'api',
    };
    await withOneMore(hermes, { name, labels, argv: ['sleep', '600'] }, async () => {
      const { findings, exitCode, containers } = await report();
      expect(exitCode).toBe(0);
      expect(containers).toContainEqual(expect.objectContaining({ name, service: 'api', kind: 'bridge' }));
      expect(findings).toContainEqual({
        trouble: false,
        about: name,
        text: expect.stringMatching(/^left over: .* restart-of-yesterday\), which has ended; it runs/),
      });
    });
  });

  test('does not cry wolf about an nginx that Docker has called unhealthy since its start', async () => {
    const nginx = hermes.docker.getContainer(hermes.sandbox.containers.nginx);
    await unhealthy(nginx);
    const { findings, exitCode, containers } = await report();
    expect(exitCode).toBe(0);
    expect(containers.find(({ service }) => service === 'nginx')).toMatchObject({
      state: 'running',
      health: { status: 'unhealthy', neverPassed: true },
    });
    expect(findings).toEqual([
      {
        trouble: false,
        about: `${hermes.project}-nginx`,
        text: expect.stringMatching(
          /^Docker calls it unhealthy since its start at \d\d:\d\d UTC: its check has never passed: .*certificate/,
        ),
      },
    ]);
  });

  test('says that the Docker engine is away, and not that anything is down', async () => {
    await worker.stop();
    const away = { ...hermes.variables, DOCKER_HOST: 'unix:///nowhere/docker.sock' };
    const other = await startWorkerProcess(away, `${hermes.directory}/worker-away.log`);
    try {
      const { exitCode, stdout, stderr } = await hermes.hermesOps('services');
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      expect(stderr).toContain('The Docker engine does not answer: which containers run cannot be seen.');
    } finally {
      await other.kill();
    }
  });
});

/** Docker says so by an event; it may have happened before. */
async function unhealthy(container: Docker.Container): Promise<void> {
  const { id } = container;
  const filters = { container: [id], event: ['health_status: unhealthy', 'health_status'] };
  const events = await hermes.docker.getEvents({ filters });
  const { State } = await container.inspect();
  if (State.Health?.Status === 'unhealthy') return;
  for await (const event of events) if (String(event).includes('health_status: unhealthy')) break;
}
