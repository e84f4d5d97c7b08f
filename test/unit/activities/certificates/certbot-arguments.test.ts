import { expect, test } from 'vitest';
import { certbotArguments } from '../../../../src/activities/certificates/certbot-job.ts';
import { parseStack } from '../../../../src/stack/parse.ts';

const pair = { lineage: 'hermes.example.com', keyType: 'ecdsa' } as const;
const argumentsFor = (yaml: string, webroot?: string): string[] =>
  certbotArguments(parseStack(`certificates: ${yaml}`).certificates, pair, webroot);

test('a webroot order names the lineage and every name, asks nobody, and runs no hooks of the host', () => {
  const argv = argumentsFor('{hostnames: [hermes.example.com, voice.example.com]}', '/srv/webroot');
  expect(argv.slice(0, 3)).toEqual(['certbot', 'certonly', '--non-interactive']);
  expect(argv.join(' ')).toContain(
    '--cert-name hermes.example.com --domain hermes.example.com --domain voice.example.com',
  );
  expect(argv.join(' ')).toContain('--webroot --webroot-path /srv/webroot');
  expect(argv).toContain('--no-directory-hooks');
});

test('dns-01 takes the plugin and its credentials as the stack file says', () => {
  const argv = argumentsFor(
    "{hostnames: ['*.example.com'], challenge: dns-01, dns: {plugin: cloudflare, credentialsFile: /root/cf.ini, propagation: 90s}}",
  );
  expect(argv.slice(-5)).toEqual([
    '--dns-cloudflare',
    '--dns-cloudflare-credentials',
    '/root/cf.ini',
    '--dns-cloudflare-propagation-seconds',
    '90',
  ]);
  expect(argv).toContain('*.example.com');
});

test('standalone answers by itself on port 80', () => {
  expect(argumentsFor('{challenge: standalone}').slice(-5)).toEqual([
    '--standalone',
    '--preferred-challenges',
    'http',
    '--http-01-port',
    '80',
  ]);
});

test('an address for the authority is given where the stack file has one', () => {
  expect(argumentsFor('{email: ops@example.com}')).toContain('ops@example.com');
  expect(argumentsFor('{}')).toContain('--register-unsafely-without-email');
});
