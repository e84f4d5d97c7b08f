import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../../../scripts/project.ts';
import { parseStack } from '../../../src/stack/parse.ts';

const service = v.looseObject({
  image: v.string(),
  restart: v.string(),
  user: v.optional(v.string()),
  privileged: v.optional(v.boolean()),
  ports: v.optional(v.array(v.string()), []),
  environment: v.optional(v.record(v.string(), v.string()), {}),
  secrets: v.optional(v.array(v.string()), []),
  networks: v.array(v.string()),
  healthcheck: v.optional(v.looseObject({ test: v.array(v.string()) })),
  volumes: v.optional(v.array(v.union([v.string(), v.looseObject({ type: v.literal('bind') })])), []),
  logging: v.looseObject({ options: v.record(v.string(), v.string()) }),
});
const composeFile = v.looseObject({
  services: v.record(v.string(), service),
  networks: v.record(v.string(), v.looseObject({ internal: v.optional(v.boolean()) })),
  secrets: v.record(v.string(), v.strictObject({ file: v.string() })),
});

const text = await readFile(join(projectRoot, 'docker-compose.temporal.yml'), 'utf8');
const { services, networks, secrets } = v.parse(composeFile, parse(text, { merge: true }));
const all = Object.entries(services);

/** They end when they have done their work. */
const oneShots = ['temporal-schema', 'temporal-namespace'];

function named(name: string): v.InferOutput<typeof service> {
  const found = services[name];
  if (found === undefined) throw new Error(`There is no service ${name}.`);
  return found;
}

describe('docker-compose.temporal.yml', () => {
  test('opens every port on loopback only', () => {
    const ports = all.flatMap(([, { ports: published }]) => published);
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test('pins the version of every image that others make', () => {
    const images = all
      .map(([, { image }]) => image)
      .filter((image) => !image.startsWith('hermes-ops-worker:'));
    for (const image of images) expect(image).toMatch(/^[\w/-]+:\d+\.\d+(?:\.\d+)?$/);
    expect(named('temporal').image).toBe('temporalio/server:1.32.0');
    expect(named('temporal-schema').image).toBe('temporalio/admin-tools:1.32.0');
    expect(named('temporal-namespace').image).toBe('temporalio/admin-tools:1.32.0');
    expect(named('temporal-ui').image).toBe('temporalio/ui:2.54.1');
  });

  test('watches the health of whatever stays, and starts it again when it ends', () => {
    const staying = all.filter(([name]) => !oneShots.includes(name));
    const restarts = staying.map(([name, { restart, healthcheck }]) => [name, restart, healthcheck?.test[0]]);
    expect(restarts).toEqual(staying.map(([name]) => [name, 'unless-stopped', 'CMD']));
    for (const name of oneShots) expect(named(name).restart).toMatch(/^on-failure:\d+$/);
  });

  test('takes every secret from a file, and shows none in an environment', () => {
    for (const { file } of Object.values(secrets))
      expect(file).toMatch(/^\$\{HERMES_OPS_SECRETS:\?[^}]*\}\/\w+$/);
    const variables = all.flatMap(([, { environment }]) => Object.keys(environment));
    const shown = variables.filter((name) => /PASSWORD|PWD|TOKEN|SECRET|KEY/.test(name));
    expect(shown).toEqual(['POSTGRES_PASSWORD_FILE']);
    const given = new Set(all.flatMap(([, { secrets: names }]) => names));
    expect([...given].toSorted()).toEqual(Object.keys(secrets).toSorted());
  });

  test('leaves the Web UI’s start button on', () => {
    expect(named('temporal-ui').environment['TEMPORAL_START_WORKFLOW_DISABLED']).toBe('false');
  });

  test('lets nothing but Temporal’s server and its schema reach Temporal’s database', () => {
    expect(networks['temporal-database']?.internal).toBe(true);
    const reaching = all.filter(([, { networks: joined }]) => joined.includes('temporal-database'));
    expect(reaching.map(([name]) => name)).toEqual(['temporal-database', 'temporal-schema', 'temporal']);
    expect(named('temporal-database').networks).toEqual(['temporal-database']);
    expect(named('temporal-database').ports).toEqual([]);
  });

  test('gives the worker nothing to change itself with', () => {
    const worker = named('worker');
    expect(worker).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      init: true,
    });
    expect(worker.privileged).toBeUndefined();
    expect(worker.user).toBeUndefined();
  });

  test('lets no log fill the disk', () => {
    for (const [, { logging }] of all) expect(logging.options).toHaveProperty('max-size');
  });

  test('mounts the backups’ directory at the path that it has on the host', () => {
    expect(named('worker').volumes).toContainEqual({
      type: 'bind',
      source: expect.stringMatching(/^\$\{HERMES_OPS_BACKUPS:\?/),
      target: '${HERMES_OPS_BACKUPS}',
    });
  });

  test('has each of its variables explained in deploy/env.example', async () => {
    const explained = await readFile(join(projectRoot, 'deploy', 'env.example'), 'utf8');
    const used = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, variable]) => variable));
    for (const variable of used) expect(explained).toMatch(new RegExp(`^#?${variable}=`, 'm'));
  });
});

describe('deploy/hermes.yaml', () => {
  test('is a good stack file whose secrets are files that the worker is given', async () => {
    const file = join(projectRoot, 'deploy', 'hermes.yaml');
    const { database, cache, service: asked, temporal } = parseStack(await readFile(file, 'utf8'), file);
    const references = [database.password, cache.password, asked.adminToken, asked.testToken];
    const given = named('worker').secrets.map((name) => ({ file: `/run/secrets/${name}` }));
    expect(references).toEqual(given);
    expect(temporal.taskQueue).toBe('hermes-ops');
  });
});

describe('Dockerfile', () => {
  test('builds on Node 24 by default, ends as a user without rights, and is checked', async () => {
    const dockerfile = await readFile(join(projectRoot, 'Dockerfile'), 'utf8');
    const runtime = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    expect(dockerfile).toMatch(/^ARG NODE_BASE=node:24-slim$/m);
    expect(runtime).toMatch(/^USER 10001:10001$/m);
    expect(runtime).toMatch(/^HEALTHCHECK /m);
    expect(named('worker').healthcheck?.test.slice(1)).toEqual(
      JSON.parse(/^ {2}CMD (\[.*\])$/m.exec(runtime)?.[1] ?? '[]'),
    );
  });
});
