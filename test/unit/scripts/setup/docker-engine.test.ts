import { expect, test, vi } from 'vitest';
import { ensureDockerEngine, localSocket, whatToDo } from '../../../../scripts/setup/docker-engine.ts';

test('an engine on another machine is never started from here', () => {
  expect(localSocket(undefined)).toBe('/var/run/docker.sock');
  expect(localSocket('')).toBe('/var/run/docker.sock');
  expect(localSocket('unix:///run/user/1000/docker.sock')).toBe('/run/user/1000/docker.sock');
  expect(localSocket('tcp://10.0.0.5:2376')).toBeUndefined();
  expect(localSocket('ssh://ops@host')).toBeUndefined();
});

test('an engine that somebody set up on a socket of its own is never replaced by one of ours', async () => {
  vi.stubEnv('DOCKER_HOST', 'unix:///no/such/docker.sock');
  const attempt = ensureDockerEngine({ log: () => {}, stateDirectory: '/no/such/folder' });
  await expect(attempt).rejects.toThrow(
    /The Docker engine of DOCKER_HOST does not answer \(connect ENOENT \/no\/such\/docker.sock\)/,
  );
  vi.unstubAllEnvs();
});

test('whoever may not install or start an engine is told exactly what to do', () => {
  expect(whatToDo('connect EACCES /var/run/docker.sock', '/var/run/docker.sock')).toContain(
    'usermod -aG docker',
  );
  expect(whatToDo('connect ECONNREFUSED', undefined)).toContain('unset DOCKER_HOST');
  expect(whatToDo('connect ENOENT /var/run/docker.sock', '/var/run/docker.sock')).toContain(
    'systemctl start docker',
  );
});
