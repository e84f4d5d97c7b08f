import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CopyAs, copyOf } from '../../../../../src/activities/docker/copy/copy-of.ts';
import { image, inspected } from '../inspected.ts';

const bridge: CopyAs = { kind: 'bridge', name: 'bridge', labels: { 'hermes-ops.run': 'r' } };
const replica: CopyAs = { kind: 'replica', name: 'new', number: 3, labels: { 'hermes-ops.run': 'r' } };
const successor: CopyAs = { kind: 'successor', name: 'next', image: 'hermes-api:2.4', changes: {} };

describe('every copy', () => {
  test.each([bridge, replica, successor])('as a $kind keeps what the process sees', (as) => {
    const original = inspected();
    const { create } = copyOf(original, image(), as);
    expect(create).toMatchObject({
      name: as.name,
      User: 'hermes',
      Env: ['B=2', 'A=1', 'B=3', 'PATH=/usr/bin'],
      Cmd: ['uvicorn', 'hermes.main:app'],
      WorkingDir: '/srv/hermes',
      StopSignal: 'SIGINT',
      StopTimeout: 25,
      Healthcheck: original.Config.Healthcheck,
      HostConfig: {
        Memory: 4_294_967_296,
        NanoCpus: 2_000_000_000,
        RestartPolicy: { Name: 'unless-stopped' },
      },
    });
    expect(create).not.toHaveProperty('Hostname');
    expect(create).not.toHaveProperty('MacAddress');
    expect(create).not.toHaveProperty('Entrypoint');
  });

  test('keeps a hostname that somebody chose, and an entrypoint that was taken away', () => {
    const original = inspected({ Config: { Hostname: 'api-1', Entrypoint: [] } });
    expect(copyOf(original, image({ Entrypoint: ['/start'] }), bridge).create).toMatchObject({
      Hostname: 'api-1',
      Entrypoint: [''],
    });
  });

  test('joins one network at its creation and the others before its start', () => {
    const { create, connect } = copyOf(inspected(), image(), replica);
    expect(Object.keys(create.NetworkingConfig?.EndpointsConfig ?? {})).toEqual(['hermes_default']);
    expect(connect).toEqual([{ network: 'hermes_metrics', settings: { Aliases: ['api-metrics'] } }]);
  });

  test('as a replica that is not announced yet has no name of the service', () => {
    const { create, connect } = copyOf(inspected(), image(), { ...replica, unannounced: true });
    expect(create.NetworkingConfig?.EndpointsConfig).toMatchObject({ hermes_default: { Aliases: [] } });
    expect(connect).toEqual([{ network: 'hermes_metrics', settings: { Aliases: [] } }]);
    expect(create.Labels).toMatchObject({ 'com.docker.compose.container-number': '3' });
  });

  test('binds volumes without a name of their own by the name that they have', () => {
    const volume = { Type: 'volume' as const, Source: '', Mode: '', RW: true, Propagation: '' };
    const original = inspected({
      Mounts: [
        { ...volume, Name: 'f00d', Destination: '/var/uploads' },
        { ...volume, Name: 'named', Destination: '/data' },
      ],
    });
    expect(copyOf(original, image(), successor).create.HostConfig?.Binds).toEqual([
      '/srv/data:/data:ro',
      'f00d:/var/uploads',
    ]);
  });
});

describe('a bridge and a replica', () => {
  test.each([bridge, replica])(
    'as a $kind has no published port and no fixed address, and the image by digest',
    (as) => {
      const { create } = copyOf(inspected(), image(), as);
      expect(create.Image).toMatch(/^sha256:/);
      expect(create.HostConfig).toMatchObject({
        PortBindings: {},
        PublishAllPorts: false,
        AutoRemove: false,
      });
      expect(create.NetworkingConfig?.EndpointsConfig?.['hermes_default']).not.toHaveProperty('IPAMConfig');
    },
  );

  test('a bridge is found by no name and stands in no list of compose', () => {
    const { create } = copyOf(inspected(), image(), bridge);
    expect(create.NetworkingConfig?.EndpointsConfig?.['hermes_default']?.Aliases).toEqual([]);
    expect(create.Labels).toEqual({ 'hermes-ops.sandbox': 'true', team: 'voice', 'hermes-ops.run': 'r' });
  });

  test('a replica is found by the service’s name and stands in compose’s list under its own number', () => {
    const { create } = copyOf(inspected(), image(), replica);
    expect(create.NetworkingConfig?.EndpointsConfig?.['hermes_default']?.Aliases).toEqual(['api']);
    expect(create.Labels).toMatchObject({
      'com.docker.compose.service': 'api',
      'com.docker.compose.container-number': '3',
      'hermes-ops.run': 'r',
    });
  });

  test('a copy of a replica does not pass for the work of the run that made it', () => {
    const original = inspected({
      Config: { Labels: { 'hermes-ops.run': 'old', 'hermes-ops.step': 'replica' } },
    });
    expect(copyOf(original, image(), bridge).create.Labels).toEqual({ 'hermes-ops.run': 'r' });
  });
});

describe('a successor', () => {
  test('has ports, labels and addresses of the original', () => {
    const original = inspected();
    const { create } = copyOf(original, image(), successor);
    expect(create).toMatchObject({
      Labels: original.Config.Labels,
      ExposedPorts: { '8000/tcp': {} },
      HostConfig: { PortBindings: original.HostConfig.PortBindings, PublishAllPorts: true },
    });
    expect(create.NetworkingConfig?.EndpointsConfig?.['hermes_default']).toEqual({
      Aliases: ['api'],
      IPAMConfig: { IPv4Address: '172.21.0.4' },
    });
  });

  test('of another image brings that image’s command, environment and labels, and keeps what compose set', () => {
    const as: CopyAs = { ...successor, image: 'hermes-api:2.5', next: image() };
    const { create } = copyOf(inspected(), image(), as);
    expect(create.Image).toBe('hermes-api:2.5');
    expect(create.Env).toEqual(['B=2', 'A=1', 'B=3']);
    expect(create.Labels).not.toHaveProperty('team');
    for (const field of ['Cmd', 'WorkingDir', 'User']) expect(create).not.toHaveProperty(field);
  });

  test('with less memory keeps as much swap beside it, and limits of any kind give way to the new ones', () => {
    const as: CopyAs = { ...successor, changes: { memoryBytes: 1_073_741_824, cpus: 0.5 } };
    expect(
      copyOf(inspected({ HostConfig: { CpuQuota: 100_000 } }), image(), as).create.HostConfig,
    ).toMatchObject({
      Memory: 1_073_741_824,
      MemorySwap: 5_368_709_120,
      NanoCpus: 500_000_000,
      CpuQuota: 0,
    });
  });

  test('has each changed variable once where it was, and every other one as before', () => {
    const name = fc.stringMatching(/^[A-Z]{1,3}$/);
    const entries = fc.array(fc.tuple(name, fc.string()).map(([key, value]) => `${key}=${value}`));
    fc.assert(
      fc.property(entries, entries, (before, environment) => {
        const original = inspected({ Config: { Env: before } });
        const as: CopyAs = { ...successor, changes: { environment } };
        const after = copyOf(original, image(), as).create.Env ?? [];
        const nameOf = (entry: string): string => entry.slice(0, entry.indexOf('='));
        const changed = new Set(environment.map(nameOf));
        expect(after.filter((entry) => !changed.has(nameOf(entry)))).toEqual(
          before.filter((entry) => !changed.has(nameOf(entry))),
        );
        for (const one of changed) {
          const wanted = environment.findLast((entry) => nameOf(entry) === one);
          expect(new Set(after.filter((entry) => nameOf(entry) === one))).toEqual(new Set([wanted]));
        }
      }),
    );
  });
});
