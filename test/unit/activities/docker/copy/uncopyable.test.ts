import { expect, test } from 'vitest';
import { uncopyable } from '../../../../../src/activities/docker/copy/uncopyable.ts';
import { inspected } from '../inspected.ts';

const added = (Path: string) => ({ Path, Kind: 1 });

test('a plain container can be copied, whatever its process wrote for itself', () => {
  const changes = [
    '/tmp',
    '/tmp/x',
    '/run/nginx.pid',
    '/srv/hermes/__pycache__/a.pyc',
    '/var/log/app.log',
    '/root/.bash_history',
    '/sbin/docker-init',
    '/usr/sbin/docker-init',
  ];
  expect(uncopyable(inspected(), changes.map(added))).toEqual([]);
});

test('files that somebody put in are named, three at most, without the folders above them', () => {
  const changes = [{ Path: '/etc', Kind: 0 }, ...['/etc/app.conf', '/a', '/b', '/c'].map(added)];
  expect(uncopyable(inspected(), changes)).toEqual([
    'files that its image does not have: /etc/app.conf, /a, /b and 1 more',
  ]);
});

test('what was deleted is in every copy, and what is mounted is mounted there too', () => {
  const Mounts = [
    { Type: 'bind' as const, Source: '/x', Destination: '/etc/ssl', Mode: '', RW: false, Propagation: '' },
  ];
  const changes = [{ Path: '/usr/bin/x', Kind: 2 }, added('/etc/ssl'), added('/etc')];
  expect(uncopyable(inspected({ Mounts }), changes)).toEqual([]);
});

test.each([
  [{ NetworkMode: 'container:abc' }, 'network namespace (container:abc)'],
  [{ NetworkMode: 'host' }, 'network namespace (host)'],
  [{ PidMode: 'host' }, 'process namespace'],
  [{ IpcMode: 'container:abc' }, 'IPC namespace'],
  [{ Links: ['/postgres:/api/db'] }, 'links'],
  [{ AutoRemove: true }, 'removes it as soon as it stops'],
])('%j is refused by its name', (HostConfig, said) => {
  expect(uncopyable(inspected({ HostConfig }), []).join()).toContain(said);
});

test('a paused container is refused', () => {
  expect(uncopyable(inspected({ State: { Paused: true } }), [])).toEqual(['it is paused']);
});
