import { expect, test } from 'vitest';
import { argumentsIn, processesIn } from '../../../../src/activities/proxy/processes.ts';

test('the master’s own arguments are found in its title, the binary whatever it is called', () => {
  expect(argumentsIn('nginx: master process nginx -g daemon off;')).toEqual(['-g', 'daemon off;']);
  expect(
    argumentsIn('nginx: master process /usr/sbin/nginx -c /opt/n.conf -p /opt -g daemon off; pid /n.pid;'),
  ).toEqual(['-c', '/opt/n.conf', '-p', '/opt', '-g', 'daemon off; pid /n.pid;']);
  expect(argumentsIn('nginx: master process nginx -g daemon off; -c /opt/n.conf')).toEqual([
    '-g',
    'daemon off;',
    '-c',
    '/opt/n.conf',
  ]);
  expect(argumentsIn('nginx: master process nginx')).toEqual([]);
});

test('workers are told from the master, also those that are about to end', () => {
  const Processes = [
    ['10', 'nginx: master process nginx -g daemon off;'],
    ['11', 'nginx: worker process'],
    ['12', 'nginx: worker process is shutting down'],
    ['13', 'nginx: cache manager process'],
  ];
  expect(processesIn({ Titles: ['PID', 'COMMAND'], Processes })).toEqual({
    masterArguments: ['-g', 'daemon off;'],
    workers: [11, 12],
  });
  expect(processesIn(null)).toEqual({ masterArguments: undefined, workers: [] });
});
