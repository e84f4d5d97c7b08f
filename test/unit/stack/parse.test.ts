import { expect, test } from 'vitest';
import { defaultStack, parseStack, StackFileError } from '../../../src/stack/parse.ts';

function errorOf(text: string): StackFileError {
  try {
    parseStack(text, 'my.yaml');
  } catch (error) {
    if (error instanceof StackFileError) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}

test('an empty file is HERMES', () => {
  for (const text of ['', '\n', '# nothing\n', '---\n', '{}', 'null'])
    expect(parseStack(text)).toEqual(defaultStack());
});

test('units are in the names of what is parsed', () => {
  const stack = parseStack('restore: {undoWindow: 90s}\nbackups: {minimumFreeSpace: 3MiB}\n');
  expect(stack.restore.undoWindowMs).toBe(90_000);
  expect(stack.backups.minimumFreeBytes).toBe(3 * 1024 * 1024);
  expect(stack.compose.services.api.limits.memoryBytes).toBe(4 * 1024 ** 3);
});

test('what is parsed survives JSON, as activities and workflows need it', () => {
  const stack = defaultStack();
  expect(JSON.parse(JSON.stringify(stack))).toEqual(stack);
});

test('every mistake is reported, each with its field, its line and what is expected', () => {
  const error = errorOf(
    [
      'database:',
      '  port: abc',
      '  keyTable: [x]',
      '  hots: y',
      'restore:',
      '  undoWindow: 24',
      '  fence: maybe',
      'backups:',
      '  keepDays: 1.5',
      '  parallelJobs: 99',
      'contacts:',
      '  - role: nameless',
      'stack: 7',
    ].join('\n'),
  );
  expect(error.message.split('\n')).toEqual([
    'my.yaml:2:9 database.port: got "abc"; expected a number',
    expect.stringMatching(
      /^my\.yaml:3:3 database\.keyTable: got the unknown key "keyTable"; .*did you mean keyTables\?/,
    ),
    expect.stringMatching(/^my\.yaml:4:3 database\.hots: got the unknown key "hots"; .*did you mean host\?/),
    'my.yaml:6:15 restore.undoWindow: got 24; expected a duration such as 500ms, 90s, 30m, 24h or 7d',
    'my.yaml:7:10 restore.fence: got "maybe"; expected one of none, read-only, stop',
    'my.yaml:9:13 backups.keepDays: got 1.5; expected a whole number',
    'my.yaml:10:17 backups.parallelJobs: got 99; expected a number from 1 to 16',
    'my.yaml:12:5 contacts.0.name: got nothing; expected a value: it has no default',
    'my.yaml:13:8 stack: got 7; expected text',
  ]);
  expect(error.issues).toHaveLength(9);
  expect(error.issues[0]).toEqual({
    path: 'database.port',
    line: 2,
    column: 9,
    received: '"abc"',
    expected: 'a number',
  });
});

test.each([
  ['a tab as indentation', 'database:\n\thost: x', 2, 'spaces for the indentation'],
  ['a key that stands twice', 'restore:\n  fence: none\n  fence: stop', 3, 'each key once'],
  ['an unclosed quote', 'database:\n  user: "hermes\n  port: 5\nstack: x\n', 2, 'the closing quote'],
  ['a second document', 'stack: a\n---\nstack: b', 2, 'one document'],
  ['a tag', 'database:\n  user: !vault x', 2, 'without tags'],
  ['an alias of nothing', 'stack: a\ndatabase: *base', 2, 'an anchor'],
  ['a colon in text', 'database:\n  user: a: b', 2, 'quotes'],
])('%s is a mistake of the YAML, with its line', (_, text, line, expected) => {
  const [issue] = errorOf(text).issues;
  expect(issue).toMatchObject({ path: '', line });
  expect(issue?.expected).toContain(expected);
});

test.each([
  ['- stack: hermes', '', 'a list', 'a group of keys'],
  ['database: []', 'database', 'a list', 'a group of keys'],
  ['backups:\n', 'backups', 'nothing after the colon', 'a group of keys, or leave it out'],
  ['hermes', '', 'text', 'a group of keys'],
  ['database: {host: db.example.com}', 'database.toolsImage', 'nothing', 'pg_dump and pg_restore'],
  [
    'compose: {services: {api: {replicas: {minimum: 3, maximum: 2}}}}',
    'compose.services.api.replicas.maximum',
    '2',
    'not below minimum',
  ],
  ['autoscaling: {minimum: 5}', 'autoscaling.maximum', '3 by default', 'not below minimum'],
  ['thresholds: {diskFree: {alert: 10}}', 'thresholds.diskFree.alert', '10', '0.1 is 10 %'],
  ['backups: {directory: /var/../etc}', 'backups.directory', '"/var/../etc"', 'without ..'],
  ['backups: {directory: /}', 'backups.directory', '"/"', 'an absolute path'],
  ['backups: {directory: "/a:/b"}', 'backups.directory', '"/a:/b"', 'without a colon'],
  [
    'service: {url: https://h.example.com/api}',
    'service.url',
    '"https://h.example.com/api"',
    'host and port only',
  ],
  ['service: {url: "ftp://x"}', 'service.url', '"ftp://x"', 'a URL such as https'],
  ['service: {connectTo: "h:70000"}', 'service.connectTo', '"h:70000"', '1 to 65535'],
  ['service: {timeout: 0s}', 'service.timeout', '"0s"', 'at least 1ms'],
  ['restore: {undoWindow: 9999d}', 'restore.undoWindow', '"9999d"', 'at most 3650d'],
  [
    'schedules: {backup-database: {cron: 61 * * * *}}',
    'schedules.backup-database.cron',
    '"61 * * * *"',
    'five fields',
  ],
  [
    'schedules: {backup-database: {timezone: Mars/Base}}',
    'schedules.backup-database.timezone',
    '"Mars/Base"',
    'UTC',
  ],
  [
    'schedules: {backup-database: {timezone: "+02:00"}}',
    'schedules.backup-database.timezone',
    '"+02:00"',
    'UTC',
  ],
  ['approvals: {Restore: {}}', 'approvals.Restore', 'the unknown key "Restore"', 'restore-database'],
  [
    'approvals: {restore-databse: {}}',
    'approvals.restore-databse',
    'the unknown key "restore-databse"',
    'restore-database',
  ],
  [
    'approvals: {restore-database: {count: 2, from: [ann]}}',
    'approvals.restore-database.from',
    'a list',
    'as many names',
  ],
  ['certificates: {hostnames: []}', 'certificates.hostnames', 'a list', 'at least one name'],
])('%j is refused at %s', (text, path, received, expected) => {
  const { issues } = errorOf(text);
  expect(issues.map((issue) => issue.path)).toEqual([path]);
  expect(issues[0]?.received).toBe(received);
  expect(issues[0]?.expected).toContain(expected);
});

test('an escalation step for somebody who is not a contact is refused: nobody would be told', () => {
  const error = errorOf('contacts: [{name: Ann}]\nescalation:\n  steps:\n    - contact: An\n');
  expect(error.message).toBe(
    'my.yaml:4:16 escalation.steps.0.contact: got "An"; expected one of contacts: Ann',
  );
});

test('two contacts of one name are refused', () => {
  expect(errorOf('contacts: [{name: Chris}, {name: Chris}, {name: Infrastructure}]').message).toContain(
    'each name once',
  );
});

test('without its own wait, an approval reminds at a quarter of its deadline', () => {
  const { approvals } = parseStack(
    'approvals: {restore-database: {deadline: 8m}, scale-service: {remindAfter: 1m}}',
  );
  expect(approvals['restore-database']?.remindAfterMs).toBe(120_000);
  expect(approvals['scale-service']).toMatchObject({
    required: true,
    deadlineMs: 3_600_000,
    remindAfterMs: 60_000,
  });
});

test('a key that every object has by itself is still unknown', () => {
  const error = errorOf('constructor: 1\n__proto__: {x: 1}\ndatabase: {toString: 1}\n');
  expect(error.issues.map(({ path }) => path)).toEqual(['constructor', '__proto__', 'database.toString']);
});

test('nesting without end and aliases without end are refused, not followed', () => {
  expect(errorOf('['.repeat(50_000)).issues.length).toBeGreaterThan(0);
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh'].map((pair) => pair.split(''))) {
    bomb.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(', ')}]`);
  }
  expect(errorOf(bomb.join('\n')).message).toContain('plain values instead of *name');
});
